"""The basis of a ticketed event's sales: its orders, or the purchases that its pages report.

It is a property of the event, the same for every range: the orders once one of them was ever paid.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from daybook.engine.documents.fields import currency_fields
from daybook.query.figures.totals import DayDocument, Numbers, currencies, totals
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay

Basis = Literal["orders", "purchases"]


class Days(NamedTuple):
    """Of one period or point: `analytics_event_metrics`, and `analytics_event_revenue`."""

    tracked: Sequence[DayDocument]
    ordered: Sequence[DayDocument]


def event_numbers(basis: Basis, days: Days, currency: str) -> Numbers:
    """The numbers of a period or a point.

    `tickets_sold` and `revenue_cents` are by the basis, less what was taken back and refunded.
    Purchases have names of their own beside them, whatever the basis; nothing takes those back.
    """
    tracked = totals(EventMetricsDay, days.tracked, currency)
    return tracked | sales(basis, tracked, totals(EventRevenueDay, days.ordered, currency))


def sales(basis: Basis, tracked: Numbers, ordered: Numbers) -> Numbers:
    """What was sold, from the totals of both models."""
    tickets, value_cents = tracked["tickets_sold"], tracked["revenue_cents"]
    by_purchases = {"purchased_tickets": tickets, "purchase_value_cents": value_cents}
    if basis == "orders":
        return {
            "tickets_sold": (ordered["tickets_sold"] or 0) - (ordered["tickets_returned"] or 0),
            "tickets_returned": ordered["tickets_returned"],
            "revenue_cents": ordered["net_revenue_cents"],
            "gross_revenue_cents": ordered["gross_revenue_cents"],
            "refunded_cents": ordered["refunded_cents"],
            "orders": ordered["orders"],
        } | by_purchases
    return {
        "tickets_sold": tickets,
        "tickets_returned": 0,
        "revenue_cents": value_cents,
        "gross_revenue_cents": value_cents,
        "refunded_cents": 0,
        "orders": 0,
    } | by_purchases


def event_money(basis: Basis, days: Days, currency: str) -> Numbers:
    """The numbers that are kept per currency, in one currency."""
    numbers = event_numbers(basis, days, currency)
    names = ("revenue_cents", "gross_revenue_cents", "refunded_cents", "orders")
    return {name: numbers[name] for name in (*names, "purchase_value_cents")}


def days_by_currency(basis: Basis, days: Days) -> dict[str, int]:
    """Every currency, with the number of days on which it has an amount by the basis."""
    ordered = currencies(days.ordered, currency_fields(EventRevenueDay))
    tracked = currencies(days.tracked, currency_fields(EventMetricsDay))
    if basis == "purchases":
        return tracked
    return dict.fromkeys(tracked, 0) | ordered


async def load_all_orders(scope: Scope, event_id: str) -> list[Document]:
    """The tickets of all days of the event's orders; none if no order of it was ever paid."""
    fields = ["tickets_sold", "tickets_returned"]
    days = {"_id": scope.beneath(event_id)}
    return await scope.find(EventRevenueDay.collection, days, fields=fields)


def basis_of(all_orders: Iterable[DayDocument]) -> Basis:
    """The basis, from all days of the event's orders."""
    return "orders" if any(True for _ in all_orders) else "purchases"
