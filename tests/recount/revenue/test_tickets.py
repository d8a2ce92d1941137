"""Ticketed events: the recount of orders written by hand, and its agreement with the group."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from tests.support.agreement import differences
from tests.support.recounting import HandLog, counted

CREATED = "2025-12-31T10:00:00Z"
PAID, LATER, LATEST = "gig:2026-01-01", "gig:2026-01-02", "gig:2026-01-03"
EUR = "currencies.EUR."
GIG = {"product_id": "seat", "quantity": 2, "price_cents": 2_000, "ticketed_event_id": "gig"}
FAIR = {"product_id": "seat", "quantity": 1, "price_cents": 1_000, "ticketed_event_id": "fair"}
CUP = {"product_id": "cup", "quantity": 1, "price_cents": 500}
NAMES = ("tickets", f"{EUR}gross", f"{EUR}refunded")
Days = dict[str, dict[str, Any]]


def create(log: HandLog, *items: dict[str, Any], order: str = "o", **more: Any) -> int:
    worth = sum(line["quantity"] * line["price_cents"] for line in items)
    data = {"currency": "EUR", "total_cents": min(worth, 10**12), "items": list(items)}
    return log.order("created", order, CREATED, **data | more)


def cancel(log: HandLog, day: str = "2026-01-02", **more: Any) -> int:
    return log.order("cancelled", at=f"{day}T12:00:00Z", **more)


def events(log: HandLog, *parts: str) -> Days:
    """The recounted sums of ticketed events, without the organization; the group has the same."""
    assert differences(log, batch=100) == []
    found = counted(log, *parts).items()
    return {name.removeprefix("default:"): values for name, values in found if ":" in name}


def numbers(log: HandLog, event: str = "gig") -> list[tuple[int, ...]]:
    """By day of the event: tickets sold and returned, and the amounts paid and refunded."""
    paths = "tickets_sold", "tickets_returned", f"{EUR}gross_revenue_cents", f"{EUR}refunded_cents"
    found = events(log, *NAMES)
    days = sorted(name for name in found if name.startswith(f"{event}:"))
    return [tuple(found[day].get(path, 0) for path in paths) for day in days]


def test_a_paid_order_counts_its_tickets_and_their_money_on_the_day_of_the_payment() -> None:
    log = HandLog()
    create(log, GIG, FAIR, CUP)
    log.pay(5_500)
    assert events(log) == {
        PAID: {
            "orders": 1,
            f"{EUR}orders": 1,
            "tickets_sold": 2,
            f"{EUR}gross_revenue_cents": 4_000,
            "hours.10.orders": 1,
            "hours.10.tickets_sold": 2,
            "hours.10.gross_revenue_cents": 4_000,
        },
        "fair:2026-01-01": {
            "orders": 1,
            f"{EUR}orders": 1,
            "tickets_sold": 1,
            f"{EUR}gross_revenue_cents": 1_000,
            "hours.10.orders": 1,
            "hours.10.tickets_sold": 1,
            "hours.10.gross_revenue_cents": 1_000,
        },
    }


@pytest.mark.parametrize(
    ("named", "items", "expected"),
    [
        ("gig", [CUP, CUP | {"quantity": 3}], {"gig": (4, 900)}),
        ("gig", [CUP, FAIR], {"gig": (1, 300), "fair": (1, 600)}),
        ("gig", [FAIR], {"fair": (1, 900)}),
        (None, [CUP], {}),
        (None, [], {}),
        # Without lines the tickets are unknown, but the money is the event's.
        ("gig", [], {"gig": (0, 900)}),
        ("gig", [CUP | {"quantity": 0}], {"gig": (0, 900)}),
        ("gig", [FAIR | {"quantity": 0}, CUP], {"gig": (1, 900)}),
        # What costs nothing is worth the same apiece.
        (None, [GIG | {"price_cents": 0}, CUP | {"price_cents": 0}], {"gig": (2, 600)}),
        (None, [GIG | {"quantity": 10**6, "price_cents": 10**6}, CUP], {"gig": (10**6, 900)}),
    ],
)
def test_a_line_is_of_the_event_that_it_names_or_else_its_order(
    named: str | None, items: list[dict[str, Any]], expected: dict[str, tuple[int, int]]
) -> None:
    log = HandLog()
    create(log, *items, **{"event_id": named} if named else {})
    log.pay(900)
    found = {
        name.partition(":")[0]: (day.get("tickets_sold", 0), day[f"{EUR}gross_revenue_cents"])
        for name, day in events(log).items()
    }
    assert found == expected


def test_an_event_is_one_of_the_orders_organization() -> None:
    log = HandLog()
    create(log, GIG, organization="club:1")
    log.pay(4_000, organization="club:1")
    assert set(events(log)) == {"club%3A1:gig:2026-01-01"}


CASES: list[tuple[str, Callable[[HandLog], object], list[tuple[int, ...]]]] = [
    (
        "a part of a refund takes no ticket back",
        lambda log: (log.pay(4_000), log.refund(1_000)),
        [(2, 0, 4_000, 0), (0, 0, 0, 1_000)],
    ),
    (
        "the refund that leaves nothing takes all back",
        lambda log: (log.pay(4_000), log.refund(1_000), log.refund(9_000, day="2026-01-03")),
        [(2, 0, 4_000, 0), (0, 0, 0, 1_000), (0, 2, 0, 3_000)],
    ),
    (
        "a further refund takes nothing back again",
        lambda log: (log.pay(4_000), log.refund(4_000), log.refund(4_000, day="2026-01-03")),
        [(2, 0, 4_000, 0), (0, 2, 0, 4_000)],
    ),
    (
        "a reversal sells them again",
        lambda log: (log.pay(4_000), log.refund(4_000), log.reverse(1_000)),
        [(2, 0, 4_000, 0), (0, 2, 0, 4_000), (0, -2, 0, -1_000)],
    ),
    (
        "so does a payment of the rest",
        lambda log: (
            log.pay(1_000, installment=True),
            log.refund(1_000),
            log.pay(3_000, day="2026-01-03", installment=True),
        ),
        [(2, 0, 1_000, 0), (0, 2, 0, 1_000), (0, -2, 3_000, 0)],
    ),
    (
        "a cancellation takes all back, whatever it refunds",
        lambda log: (log.pay(4_000), cancel(log, refund_cents=3_500)),
        [(2, 0, 4_000, 0), (0, 2, 0, 3_500)],
    ),
    (
        "and no reversal gives them back",
        lambda log: (log.pay(4_000), cancel(log, refund_cents=4_000), log.reverse(4_000)),
        [(2, 0, 4_000, 0), (0, 2, 0, 4_000), (0, 0, 0, -4_000)],
    ),
    (
        "a second cancellation takes nothing back again",
        lambda log: (log.pay(4_000), cancel(log), cancel(log, "2026-01-03")),
        [(2, 0, 4_000, 0), (0, 2, 0, 0)],
    ),
    (
        "a free order's tickets are sold with its payment of nothing",
        lambda log: log.pay(0),
        [(2, 0, 0, 0)],
    ),
    (
        "and taken back by its cancellation",
        lambda log: (log.pay(0), cancel(log, refund_cents=0)),
        [(2, 0, 0, 0), (0, 2, 0, 0)],
    ),
    ("nothing is sold without a payment", lambda log: cancel(log), []),
    (
        "a duplicate payment sells nothing",
        lambda log: (log.pay(4_000), log.pay(4_000, day="2026-01-02")),
        [(2, 0, 4_000, 0)],
    ),
    (
        "a refund that only its reversal covers concerns no event",
        lambda log: (
            log.pay(4_000),
            log.refund(4_000),
            log.refund(4_000, day="2026-01-03"),
            log.reverse(4_000, day="2026-01-03"),
        ),
        [(2, 0, 4_000, 0), (0, 2, 0, 4_000)],
    ),
]


@pytest.mark.parametrize(
    ("play", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
@pytest.mark.parametrize("is_late", [False, True], ids=["in order", "created late"])
def test_what_is_sold_and_taken_back(
    play: Callable[[HandLog], object], expected: list[tuple[int, ...]], is_late: bool
) -> None:
    log = HandLog()
    if not is_late:
        create(log, GIG)
    play(log)
    if is_late:
        create(log, GIG)
    if is_late and expected[2:] == [(0, -2, 3_000, 0)]:
        # Both payments are known at once, so the refund is of a part from the beginning.
        expected = [(2, 0, 1_000, 0), (0, 0, 0, 1_000), (0, 0, 3_000, 0)]
    assert numbers(log) == expected


@pytest.mark.parametrize("turn", [*permutations(range(3))])
def test_order_payment_and_cancellation_may_come_in_any_order(turn: tuple[int, ...]) -> None:
    log = HandLog()
    for number in turn:
        match number:
            case 0:
                create(log, GIG)
            case 1:
                log.pay(4_000)
            case _:
                cancel(log, refund_cents=4_000)
    assert numbers(log) == [(2, 0, 4_000, 0), (0, 2, 0, 4_000)]


def test_refunds_are_divided_by_what_is_left_and_end_at_zero() -> None:
    log = HandLog()
    create(log, GIG | {"price_cents": 5}, FAIR | {"quantity": 2, "price_cents": 5}, CUP)
    for cents in (333, 100, 10_000):
        log.pay(cents, installment=True)
        log.refund(cents // 3)
    log.refund(10_000)
    for event in ("gig", "fair"):
        days = numbers(log, event)
        assert [sum(day[2] for day in days), sum(day[1] for day in days)] == [
            sum(day[3] for day in days),
            2,
        ]


def test_an_order_created_after_more_refunds_than_are_kept_comes_too_late() -> None:
    log = HandLog()
    log.pay(4_000)
    for _ in range(2):
        log.refund(1)
    create(log, GIG)
    assert counted(log, "tickets", order_waiting_max=2) == {
        "default:gig:2026-01-01": {"tickets_sold": 2}
    }
    assert counted(log, "tickets", order_waiting_max=1) == {}


def test_the_first_order_created_says_what_the_lines_are() -> None:
    log = HandLog()
    create(log, CUP)
    create(log, GIG)
    log.pay(4_000)
    assert events(log) == {}


def test_a_ticketed_event_that_is_no_text_was_ignored_before_revision_8() -> None:
    log = HandLog()
    create(log, GIG | {"ticketed_event_id": 5}, event_id="gig")
    log.pay(4_000)
    assert counted(log, "tickets") == {"default:gig:2026-01-01": {"tickets_sold": 2}}
