"""Revenue of logs written by hand: payments, refunds and attributions in any order."""

from uuid import UUID

import pytest

from daybook.recount.days import Days
from daybook.recount.log.messages import Facts
from tests.support.recounting import TOPIC_ID, HandLog, counted, reach, replayed, sums

ALL = Days()
PAID, LATER, LATEST = "2026-01-01", "2026-01-02", "2026-01-03"
GROSS = "currencies.EUR.gross_revenue_cents"
REFUNDED = "currencies.EUR.refunded_cents"
EXCESS = "currencies.EUR.refund_excess_cents"
BY_COMMUNITY = "currencies.EUR.revenue_by_community"
REFUNDED_BY = "currencies.EUR.refunded_by_community"


def test_a_payment_counts_in_its_day_hour_currency_and_owner() -> None:
    log = HandLog()
    log.pay(500)
    assert counted(log) == {
        PAID: {
            "paid_orders": 1,
            "currencies.EUR.paid_orders": 1,
            GROSS: 500,
            f"{BY_COMMUNITY}.unattributed": 500,
            "currencies.EUR.revenue_by_promotion.unattributed": 500,
            "hours.10.paid_orders": 1,
            "hours.10.gross_revenue_cents": 500,
        }
    }


def test_a_refund_counts_on_its_own_day() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(200, day=LATER)
    assert counted(log)[LATER] == {
        "refunded_orders": 1,
        REFUNDED: 200,
        f"{REFUNDED_BY}.unattributed": 200,
        "currencies.EUR.refunded_by_promotion.unattributed": 200,
        "hours.11.refunded_orders": 1,
        "hours.11.refunded_cents": 200,
    }


def test_the_first_payment_wins_and_later_ones_count_on_their_own_day() -> None:
    log = HandLog()
    log.pay(500)
    log.pay(900, day=LATER, currency="USD")
    log.pay(1, day=LATER)
    found = counted(log, "paid", "duplicate", "currencies")
    assert found[PAID]["paid_orders"] == 1
    assert found[LATER] == {
        "duplicate_payments": 2,
        "currencies.EUR.duplicate_payment_cents": 1,
        "currencies.USD.duplicate_payment_cents": 900,
    }


def test_refunds_are_capped_in_sum_and_the_rest_is_excess() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(300, day=LATER)
    log.refund(300, day=LATEST)
    log.order("cancelled", at=f"{LATEST}T12:00:00Z", refund_cents=50)
    found = counted(log, REFUNDED, EXCESS, "refunded_orders", "hours")
    assert found[LATER] == {
        REFUNDED: 300,
        "refunded_orders": 1,
        "hours.11.refunded_cents": 300,
        "hours.11.refunded_orders": 1,
    }
    assert found[LATEST] == {
        REFUNDED: 200,
        EXCESS: 150,
        "hours.11.refunded_cents": 200,
        "hours.11.refund_excess_cents": 100,
        "hours.12.refund_excess_cents": 50,
    }


def test_refunds_of_zero_are_ignored() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(0, day=LATER)
    log.order("cancelled", at=f"{LATER}T12:00:00Z")
    log.order("cancelled", at=f"{LATER}T12:00:00Z", refund_cents=0)
    assert set(counted(log)) == {PAID}


def test_an_order_counts_as_refunded_only_with_a_booked_refund() -> None:
    """A refund that is entirely excess books nothing."""
    log = HandLog()
    log.pay(0)
    log.refund(100, day=LATER)
    assert counted(log, "refunded", EXCESS) == {LATER: {EXCESS: 100}}


def test_refunds_before_the_payment_wait_for_it() -> None:
    log = HandLog()
    log.refund(300, day=LATEST)
    log.refund(300, day=LATER)
    paid = log.pay(500)
    with replayed(log) as replay:
        replay.limit(reach(paid - 1))
        assert sums(replay) == {}
        replay.limit(reach(paid))
        found = sums(replay, REFUNDED, EXCESS, "refunded_orders")
        spans = {d: r.spans for (_, d), r in replay.results.documents(days=ALL).items()}
    assert found == {
        LATEST: {REFUNDED: 300, "refunded_orders": 1},
        LATER: {REFUNDED: 200, EXCESS: 100},
    }
    assert all(set(span.values()) == {(paid, paid)} for span in spans.values())


def test_refunds_beyond_the_waiting_list_are_excess_on_the_payments_day() -> None:
    log = HandLog()
    for _ in range(3):
        log.refund(10, day=LATER)
    log.pay(500)
    log.refund(20, day=LATEST)
    found = counted(log, REFUNDED, EXCESS, "hours.10", order_waiting_max=2)
    assert found[PAID][EXCESS] == 10
    assert found[PAID]["hours.10.refund_excess_cents"] == 10
    assert found[LATER] == {REFUNDED: 20}
    assert found[LATEST] == {REFUNDED: 20}


def test_an_attribution_before_the_payment_determines_its_owner() -> None:
    log = HandLog()
    log.attribute(community_id="a")
    log.attribute(community_id="b", promotion_id="p")
    log.attribute()
    log.pay(500)
    found = counted(log, "currencies.EUR.revenue_by")
    assert found == {PAID: {f"{BY_COMMUNITY}.b": 500, "currencies.EUR.revenue_by_promotion.p": 500}}


def test_a_late_attribution_moves_revenue_and_refunds_booked_so_far() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(100, day=LATER)
    log.attribute(community_id="a")
    log.refund(100, day=LATEST)
    moved = log.attribute(community_id="b")
    with replayed(log) as replay:
        replay.limit(reach(moved - 1))
        assert sums(replay, BY_COMMUNITY, REFUNDED_BY) == {
            PAID: {f"{BY_COMMUNITY}.a": 500},
            LATER: {f"{REFUNDED_BY}.a": 100},
            LATEST: {f"{REFUNDED_BY}.a": 100},
        }
        replay.limit(reach())
        assert sums(replay, BY_COMMUNITY, REFUNDED_BY) == {
            PAID: {f"{BY_COMMUNITY}.b": 500},
            LATER: {f"{REFUNDED_BY}.b": 100},
            LATEST: {f"{REFUNDED_BY}.b": 100},
        }
        every = replay.results.documents(ALL)["analytics_revenue", PAID].sums
    assert every[f"{BY_COMMUNITY}.unattributed"] == every[f"{BY_COMMUNITY}.a"] == 0


def test_an_attribution_to_the_same_owner_moves_nothing() -> None:
    log = HandLog()
    log.attribute(community_id="a")
    paid = log.pay(500)
    log.attribute(community_id="a")
    with replayed(log) as replay:
        (recounted,) = replay.results.documents(ALL).values()
    assert set(recounted.spans.values()) == {(paid, paid)}


def test_an_owner_named_like_a_reserved_word_gets_a_key_of_its_own() -> None:
    log = HandLog()
    log.pay(500)
    log.pay(300, "p")
    log.attribute(community_id="unattributed")
    expected = {f"{BY_COMMUNITY}.unattributed": 300, f"{BY_COMMUNITY}.%75nattributed": 500}
    assert counted(log, BY_COMMUNITY) == {PAID: expected}


def test_currencies_stay_apart_and_a_refund_takes_the_payments_currency() -> None:
    log = HandLog()
    log.pay(500)
    log.pay(700, "p", currency="JPY")
    log.refund(10, "p", day=PAID)
    found = counted(log, "currencies", "paid_orders")[PAID]
    assert {path: n for path, n in found.items() if "_by_" not in path} == {
        "paid_orders": 2,
        "currencies.EUR.paid_orders": 1,
        GROSS: 500,
        "currencies.JPY.paid_orders": 1,
        "currencies.JPY.gross_revenue_cents": 700,
        "currencies.JPY.refunded_cents": 10,
    }


def test_sums_of_large_amounts_are_exact() -> None:
    log = HandLog()
    for order in "abc":
        log.pay(2**53 - 1, order)
    assert counted(log, GROSS) == {PAID: {GROSS: 3 * (2**53 - 1)}}


def test_a_duplicate_has_no_effect() -> None:
    log = HandLog()
    log.pay(500, id=1)
    log.refund(100, day=LATER, id=2)
    log.refund(100, day=LATER, id=2)
    assert counted(log, REFUNDED) == {LATER: {REFUNDED: 100}}


@pytest.mark.parametrize(("between", "booked"), [(31, 100), (32, 200)])
def test_beyond_the_window_an_order_remembers_its_last_32_ids(between: int, booked: int) -> None:
    log = HandLog()
    log.pay(500)
    log.refund(100, day=LATER, id=2)
    for _ in range(between):
        log.order("shipped")
    log.refund(100, day=LATER, id=2)
    found = counted(log, REFUNDED, duplicate_window=0)
    assert found == {LATER: {REFUNDED: booked}}


def test_a_repeated_id_does_not_push_others_out() -> None:
    """Duplicates, within the window or beyond it, are not remembered again."""
    log = HandLog()
    log.pay(500)
    log.refund(100, day=LATER, id=2)
    for _ in range(30):
        log.order("shipped", id=3)
    for number in range(30):
        log.order("shipped", id=10 + number)
    log.refund(100, day=LATER, id=2)
    found = counted(log, REFUNDED, duplicate_window=1)
    assert found == {LATER: {REFUNDED: 100}}


def test_after_partitions_are_added_an_order_continues_in_another() -> None:
    """Events written before come first, however high their offset."""
    log = HandLog()
    log.order("created", offset=900)
    log.refund(100, day=LATER, partition=1, offset=5)
    log.pay(500, offset=901)
    facts = Facts(boundaries=({0: 902, 1: 0},))
    with replayed(log, facts=facts) as replay:
        (recounted,) = [r for (_, day), r in replay.results.documents(ALL).items() if day == LATER]
    assert recounted.sums[REFUNDED] == 100
    assert list(recounted.spans.items()) == [((TOPIC_ID, 1), (5, 5))]


def test_an_event_whose_amount_is_no_whole_number_is_unreadable() -> None:
    log = HandLog()
    log.pay(500)
    bad = [
        log.order("payment_succeeded", amount_cents="5", currency="EUR"),
        log.order("payment_succeeded", amount_cents=5),
        log.order("refunded", refund_cents=5.0),
        log.order("refunded"),
        log.order("cancelled", refund_cents=-1),
    ]
    log.order("cancelled")
    with replayed(log) as replay:
        assert [offset for _, offset, _ in replay.results.unreadable()] == bad


def test_a_state_holds_what_was_counted_up_to_its_offset() -> None:
    log = HandLog()
    log.refund(300, day=LATER, id=1)
    log.attribute(community_id="a", id=2)
    log.pay(200, id=3)
    log.refund(50, day=LATER, id=4)
    blank = {
        "order_id": "o",
        "home": {"topic_id": TOPIC_ID, "partition": 0, "epoch": 0},
        "payment": None,
        "community_id": None,
        "promotion_id": None,
        "refunded_cents": 0,
        "refunds": {},
        "waiting_refunds": [{"date": LATER, "hour": "11", "cents": 300}],
        "waiting_excess_cents": 0,
        "source": None,
        "funnel_settled": False,
        "funnel": None,
        "booked_refunds": [],
        "total": None,
        "later_payments": [],
        "waiting_reversals": [],
        "refunds_asked": 1,
        "reversals_asked": 0,
        "tickets": None,
        "cancelled": None,
        "created_ms": None,
        "visitor_id": None,
        "event_ids": [UUID(int=1).hex],
    }
    attributed = blank | {"community_id": "a", "event_ids": ids(1, 2)}
    paid = attributed | {
        "payment": {"date": PAID, "hour": "10", "currency": "EUR", "amount_cents": 200},
        "refunded_cents": 200,
        "refunds": {LATER: 200},
        "waiting_refunds": [{"date": LATER, "hour": "11", "cents": 100}],
        "booked_refunds": [{"date": LATER, "hour": "11", "cents": 200, "is_paired": False}],
        "event_ids": ids(1, 2, 3),
    }
    with replayed(log) as replay:
        for last, expected in enumerate([blank, attributed, paid]):
            replay.limit(reach(last))
            assert dict(replay.results.states("order_state")) == {"o": expected}
        replay.limit(reach(0), [(("order_state", "o"), reach(3, 0))])
        rests = [{"date": LATER, "hour": "11", "cents": cents} for cents in (100, 50)]
        waiting = {"waiting_refunds": rests, "refunds_asked": 2}
        further = paid | waiting | {"event_ids": ids(1, 2, 3, 4)}
        assert dict(replay.results.states("order_state")) == {"o": further}


def test_a_state_keeps_32_ids_and_the_sum_of_refunds_beyond_the_waiting_list() -> None:
    log = HandLog()
    for number in range(40):
        log.refund(1, "a:b", id=number)
    with replayed(log, order_waiting_max=3) as replay:
        state = dict(replay.results.states("order_state"))["a%3Ab"]
    assert state["event_ids"] == ids(*range(8, 40))
    assert len(state["waiting_refunds"]) == 3
    assert state["waiting_excess_cents"] == 37


def test_an_order_with_only_duplicates_has_an_empty_state() -> None:
    log = HandLog()
    log.order("created", "a", id=1)
    log.pay(5, "b", id=1)
    with replayed(log) as replay:
        state = dict(replay.results.states("order_state"))["b"]
    assert state["payment"] is None
    assert state["event_ids"] == []


def ids(*numbers: int) -> list[str]:
    return [UUID(int=number).hex for number in numbers]
