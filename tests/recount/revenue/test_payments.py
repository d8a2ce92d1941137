"""An order that is paid in parts, or twice: what counts as revenue, and what as a duplicate."""

from itertools import permutations
from typing import Any

import pytest

from tests.support.agreement import differences
from tests.support.recounting import HandLog, counted, replayed

PAID, LATER, LATEST = "2026-01-01", "2026-01-02", "2026-01-03"
GROSS = "currencies.EUR.gross_revenue_cents"
DUPLICATE = "currencies.EUR.duplicate_payment_cents"
BY_COMMUNITY = "currencies.EUR.revenue_by_community"


def create(log: HandLog, total_cents: int, currency: str = "EUR") -> None:
    log.order("created", currency=currency, total_cents=total_cents)


def revenue(log: HandLog) -> dict[str, dict[str, Any]]:
    return counted(log, GROSS, DUPLICATE, "paid_orders", "duplicate_payments")


def test_an_installment_counts_on_its_own_day_and_the_order_once() -> None:
    log = HandLog()
    log.pay(100, installment=True)
    log.pay(400, day=LATER, installment=True)
    assert revenue(log) == {PAID: {"paid_orders": 1, GROSS: 100}, LATER: {GROSS: 400}}


def test_payments_up_to_the_orders_total_count_and_the_next_is_a_duplicate() -> None:
    log = HandLog()
    create(log, 500)
    log.pay(100)
    log.pay(400, day=LATER)
    log.pay(1, day=LATEST)
    assert revenue(log) == {
        PAID: {"paid_orders": 1, GROSS: 100},
        LATER: {GROSS: 400},
        LATEST: {"duplicate_payments": 1, DUPLICATE: 1},
    }


def test_a_duplicate_tells_its_amount_in_its_own_currency_and_hour() -> None:
    log = HandLog()
    create(log, 900)
    log.pay(500)
    log.pay(100, day=LATER, currency="USD", installment=True)
    assert counted(log)[LATER] == {
        "duplicate_payments": 1,
        "currencies.USD.duplicate_payment_cents": 100,
        "hours.10.duplicate_payments": 1,
        "hours.10.duplicate_payment_cents": 100,
    }


def test_a_total_in_another_currency_has_room_for_nothing() -> None:
    log = HandLog()
    create(log, 900, currency="USD")
    log.pay(500)
    log.pay(100, day=LATER)
    assert revenue(log)[LATER] == {"duplicate_payments": 1, DUPLICATE: 100}


def test_a_late_order_created_turns_a_duplicate_into_revenue_of_its_own_day() -> None:
    log = HandLog()
    log.pay(100)
    log.pay(400, day=LATER)
    assert revenue(log)[LATER] == {"duplicate_payments": 1, DUPLICATE: 400}
    create(log, 500)
    assert revenue(log)[LATER] == {GROSS: 400}


@pytest.mark.parametrize("created", range(4))
def test_it_does_not_matter_when_the_order_is_created(created: int) -> None:
    """A payment is judged by those before it, not by an installment after it."""
    log = HandLog()
    for number in range(3):
        if number == created:
            create(log, 100)
        log.pay(50, day=f"2026-01-0{number + 1}", installment=number == 2)
    if created == 3:
        create(log, 100)
    assert [day.get(GROSS) for day in revenue(log).values()] == [50, 50, 50]


def test_the_first_order_created_says_the_total() -> None:
    log = HandLog()
    create(log, 500)
    create(log, 900)
    log.pay(500)
    log.pay(400, day=LATER)
    assert revenue(log)[LATER] == {"duplicate_payments": 1, DUPLICATE: 400}


def test_every_payment_is_split_and_moves_with_the_attribution() -> None:
    log = HandLog()
    log.pay(100)
    log.attribute(community_id="a")
    log.pay(400, day=LATER, installment=True)
    log.attribute(community_id="b")
    found = counted(log, BY_COMMUNITY)
    assert found == {PAID: {f"{BY_COMMUNITY}.b": 100}, LATER: {f"{BY_COMMUNITY}.b": 400}}


@pytest.mark.parametrize("turn", [*permutations(range(3))])
def test_deposit_balance_and_refund_may_come_in_any_order(turn: tuple[int, ...]) -> None:
    """A refund is covered by all payments, whichever comes first; the split adds up."""
    log = HandLog()
    log.attribute(community_id="a")
    for number in turn:
        match number:
            case 0:
                log.pay(100, day=PAID, installment=True)
            case 1:
                log.pay(400, day=LATER, installment=True)
            case _:
                log.refund(300, day=LATEST)
    names = ("gross_revenue_cents", "refund", "revenue_by_community")
    found = counted(log, *(f"currencies.EUR.{name}" for name in names))
    of_payments = [{GROSS: cents, f"{BY_COMMUNITY}.a": cents} for cents in (100, 400)]
    of_refund = {
        "currencies.EUR.refunded_cents": 300,
        "currencies.EUR.refunded_by_community.a": 300,
        "currencies.EUR.refunded_by_promotion.unattributed": 300,
    }
    assert [found[day] for day in (PAID, LATER, LATEST)] == [*of_payments, of_refund]


def test_after_a_hundred_later_payments_all_are_duplicates() -> None:
    log = HandLog()
    for _ in range(103):
        log.pay(1, installment=True)
    assert counted(log, GROSS, DUPLICATE) == {PAID: {GROSS: 101, DUPLICATE: 2}}
    assert differences(log, batch=200) == []


def test_an_installment_that_is_no_boolean_is_unreadable() -> None:
    log = HandLog()
    bad = [log.pay(1, installment="yes"), log.pay(1, installment=1)]
    with replayed(log) as replay:
        assert [offset for _, offset, _ in replay.results.unreadable()] == bad
