"""Which tickets an order has, and what a state from before they counted still knows."""

from typing import Any

import pytest

from consumers.revenue import react
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect
from daybook.engine.group import Arrival
from daybook.funnels.order_tickets import tickets_of
from models.event_revenue import EventRevenueDay
from models.order_state import WORTH_MAX, new_order
from tests.support.runner import RULES

DAY = DayHour("2026-01-01", "10")
SINCE_4 = ("tickets", "cancelled", "created_ms", "visitor_id")
GIG = {"product_id": "seat", "quantity": 2, "price_cents": 300, "ticketed_event_id": "gig"}
CUP = {"product_id": "cup", "quantity": 3, "price_cents": 100}


def order_event(kind: str, **data: Any) -> dict[str, Any]:
    return {
        "event_type": f"order.{kind}",
        "occurred_at": "2026-01-01T00:00:00Z",
        "data": {"order_id": "o"} | data,
    }


def created(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return order_event("created", currency="EUR", total_cents=0, items=list(items), **more)


def sums(order: dict[str, Any], *events: dict[str, Any]) -> dict[str, int]:
    """The sums of an event's fields after these events of an order."""
    found: dict[str, int] = {}
    for event in events:
        for one in react(event, DAY, Arrival("t", 0, 0, 0), order, RULES):
            if isinstance(one, Effect) and one.document.model is EventRevenueDay:
                found[one.amount.field] = found.get(one.amount.field, 0) + one.value
    return found


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        (created(GIG, CUP), [("gig", 2, 600), (None, 3, 300)]),
        (created(GIG, CUP, event_id="fair"), [("fair", 3, 300), ("gig", 2, 600)]),
        (created(GIG, GIG | {"product_id": "b", "quantity": 1}), [("gig", 3, 900)]),
        (created(GIG, CUP | {"quantity": 0}), [("gig", 2, 600)]),
        (created(GIG | {"price_cents": 0}, CUP), [("gig", 2, 0), (None, 3, 300)]),
        (created(GIG | {"price_cents": 0}), [("gig", 2, 2)]),
        (created(GIG | {"price_cents": 10**12, "quantity": 10**6}), [("gig", 10**6, WORTH_MAX)]),
        (created(event_id="fair"), [("fair", 0, 1)]),
    ],
)
def test_lines_are_combined_by_the_event_that_they_are_tickets_of(
    event: dict[str, Any], parts: list[tuple[str | None, int, int]]
) -> None:
    tickets = tickets_of(event | {"organization_id": "club"})
    assert tickets is not None
    assert (tickets["organization_id"], tickets["returned"]) == ("club", False)
    found = [(part["event_id"], part["units"], part["worth_cents"]) for part in tickets["parts"]]
    assert found == parts


@pytest.mark.parametrize("event", [created(), created(CUP), created(GIG | {"quantity": 0})])
def test_an_order_without_a_ticket_has_no_parts(event: dict[str, Any]) -> None:
    assert tickets_of(event) is None


def test_a_state_from_before_tickets_counted_counts_those_of_an_order_still_to_come() -> None:
    order = {name: value for name, value in new_order("o").items() if name not in SINCE_4}
    paid = order_event("payment_succeeded", currency="EUR", amount_cents=600)
    assert sums(order, paid, created(GIG)) == {
        "orders": 1,
        "tickets_sold": 2,
        "gross_revenue_cents": 600,
    }


def test_a_state_that_has_settled_its_funnel_before_has_no_tickets() -> None:
    order = {name: value for name, value in new_order("o").items() if name not in SINCE_4}
    order["funnel_settled"] = True
    paid = order_event("payment_succeeded", currency="EUR", amount_cents=600)
    assert sums(order, created(GIG), paid, order_event("cancelled", refund_cents=600)) == {}
