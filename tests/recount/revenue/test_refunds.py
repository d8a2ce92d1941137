"""Refunds are limited to what was paid, and a failed refund or a dispute won gives back."""

from itertools import permutations

import pytest

from tests.support.agreement import differences
from tests.support.recounting import HandLog, counted

PAID, LATER, LATEST = "2026-01-01", "2026-01-02", "2026-01-03"
REFUNDED = "currencies.EUR.refunded_cents"
REVERSED = "currencies.EUR.refund_reversed_cents"
EXCESS = "currencies.EUR.refund_excess_cents"
REFUNDED_BY = "currencies.EUR.refunded_by_community"


def money(log: HandLog) -> dict[str, dict[str, int]]:
    return counted(log, REFUNDED, REVERSED, EXCESS, "refunded_orders")


@pytest.mark.parametrize("kind", ["refund_failed", "dispute_won"])
def test_a_reversal_is_a_refund_below_zero_on_its_own_day(kind: str) -> None:
    log = HandLog()
    log.pay(500)
    log.refund(300, day=LATER)
    log.order(kind, at=f"{LATEST}T12:00:00Z", refund_cents=100)
    assert counted(log)[LATEST] == {
        REFUNDED: -100,
        REVERSED: 100,
        f"{REFUNDED_BY}.unattributed": -100,
        "currencies.EUR.refunded_by_promotion.unattributed": -100,
        "hours.12.refunded_cents": -100,
        "hours.12.refund_reversed_cents": 100,
    }


def test_reversals_give_back_no_more_than_refunds_took() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(300, day=LATER)
    log.reverse(200, day=LATEST)
    log.reverse(200, day=LATEST)
    assert money(log)[LATEST] == {REFUNDED: -300, REVERSED: 300}


def test_what_was_given_back_can_be_refunded_again() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(500, day=LATER)
    log.reverse(500, day=LATER)
    log.refund(500, day=LATEST)
    assert money(log)[LATEST] == {REFUNDED: 500}


def test_a_refund_that_was_excess_is_booked_on_its_day_once_another_failed() -> None:
    """The retry came before the news that the first refund had failed."""
    log = HandLog()
    log.pay(500)
    log.refund(500, day=LATER)
    log.refund(500, day=LATEST)
    assert money(log)[LATEST] == {EXCESS: 500}
    log.reverse(500, day=LATEST)
    assert money(log) == {
        LATER: {REFUNDED: 500, "refunded_orders": 1},
        LATEST: {REVERSED: 500},
    }


def test_excess_that_a_later_payment_covers_is_booked_on_the_refunds_day() -> None:
    log = HandLog()
    log.pay(100)
    log.refund(300, day=LATER)
    assert money(log)[LATER] == {REFUNDED: 100, EXCESS: 200, "refunded_orders": 1}
    log.pay(150, day=LATEST, installment=True)
    assert money(log)[LATER] == {REFUNDED: 250, EXCESS: 50, "refunded_orders": 1}


@pytest.mark.parametrize("turn", [*permutations(range(3))])
def test_payment_refund_and_reversal_may_come_in_any_order(turn: tuple[int, ...]) -> None:
    log = HandLog()
    log.attribute(community_id="a")
    for number in turn:
        match number:
            case 0:
                log.pay(500)
            case 1:
                log.refund(600, day=LATER)
            case _:
                log.reverse(50, day=LATEST)
    assert money(log) == {
        LATER: {REFUNDED: 550, EXCESS: 50, "refunded_orders": 1},
        LATEST: {REFUNDED: -50, REVERSED: 50},
    }
    assert counted(log, REFUNDED_BY) == {
        LATER: {f"{REFUNDED_BY}.a": 550},
        LATEST: {f"{REFUNDED_BY}.a": -50},
    }


def test_a_late_attribution_moves_reversals_too() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(300, day=LATER)
    log.reverse(300, day=LATEST)
    log.attribute(community_id="a")
    assert counted(log, REFUNDED_BY) == {
        LATER: {f"{REFUNDED_BY}.a": 300},
        LATEST: {f"{REFUNDED_BY}.a": -300},
    }


def test_an_order_without_a_paid_amount_has_nothing_to_refund_or_to_reverse() -> None:
    log = HandLog()
    log.pay(0)
    log.refund(100, day=LATER)
    log.reverse(100, day=LATEST)
    assert money(log) == {LATER: {EXCESS: 100}}
    assert differences(log, batch=1) == []


def test_a_refund_that_may_not_wait_is_booked_as_far_as_it_is_covered_when_it_comes() -> None:
    log = HandLog()
    log.pay(500)
    for _ in range(2):
        log.refund(200, day=LATER)
    log.refund(200, day=LATER)
    log.pay(900, day=LATEST, installment=True)
    log.refund(300, day=LATEST)
    found = counted(log, REFUNDED, EXCESS, order_waiting_max=2)
    assert found == {LATER: {REFUNDED: 500, EXCESS: 100}, LATEST: {REFUNDED: 300}}
    assert differences(log, batch=1, refunds_kept=2) == []


def test_an_order_reverses_at_most_a_thousand_times() -> None:
    log = HandLog()
    log.pay(5_000)
    log.refund(5_000, day=LATER)
    for _ in range(1_002):
        log.reverse(1, day=LATEST)
    assert money(log)[LATEST] == {REFUNDED: -1_000, REVERSED: 1_000}
    assert differences(log, batch=2_000) == []


def test_thousands_of_refunds_and_reversals_in_turn_stay_exact() -> None:
    log = HandLog()
    log.pay(7)
    for number in range(1_100):
        log.refund(5, day=LATER)
        if number % 2:
            log.reverse(9, day=LATEST)
    assert differences(log, batch=600) == []
