"""The effects of an order on the days of the ticketed events that its lines are tickets of.

Tickets count as sold with the order's first payment. They are taken back all at once: by a
cancellation, or by the refund that leaves nothing of what was paid. A part of a refund does not say
which tickets it is for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.funnels.apportion import share_payment, share_refund
from daybook.funnels.order_payments import paid_cents
from models.event_revenue import EventRevenueDay
from models.order_state import WORTH_MAX
from schemas.envelope import organization_of


def tickets_of(event: Event) -> dict[str, Any] | None:
    """An order's lines by ticketed event, from its `order.created`; None if they name none.

    A line is of the event that it names, else of the one that the order names, else of none. An
    order without lines is altogether of the event that it names, with an unknown number of tickets.
    If nothing costs anything, what is paid all the same is divided by quantity.
    """
    data = event["data"]
    parts: dict[str | None, dict[str, Any]] = {}
    for line in data.get("items", ()):
        if line["quantity"]:
            part = _part(parts, line.get("ticketed_event_id", data.get("event_id")))
            part["units"] += line["quantity"]
            part["worth_cents"] += line["quantity"] * line["price_cents"]
    if not parts and "event_id" in data:
        _part(parts, data["event_id"])
    if not parts.keys() - {None}:
        return None
    costs = any(part["worth_cents"] for part in parts.values())
    for part in parts.values():
        worth = part["worth_cents"] if costs else max(part["units"], 1)
        part["worth_cents"] = min(worth, WORTH_MAX)
    return {
        "organization_id": organization_of(event),
        "returned": False,
        "parts": [parts[name] for name in sorted(parts, key=lambda id: (id is None, id or ""))],
    }


def _part(parts: dict[str | None, dict[str, Any]], event_id: str | None) -> dict[str, Any]:
    nothing = dict.fromkeys(("units", "worth_cents", "revenue_cents", "refunded_cents"), 0)
    return parts.setdefault(event_id, {"event_id": event_id} | nothing)


def paid(order: State, payment: Mapping[str, Any], *, is_first: bool) -> Iterator[Effect]:
    """Books each event's share of a payment; with the first one, the order and its tickets."""
    tickets = order.get("tickets")
    if tickets is None:
        return
    day_hour = DayHour(payment["date"], payment["hour"])
    if is_first:
        for part in _of_events(tickets):
            yield _money(order, part, day_hour, "orders", 1)
            yield _count(order, part, day_hour, "tickets_sold", part["units"])
    shares = share_payment(tickets["parts"], payment["cents"])
    yield from _divide(order, day_hour, "gross_revenue_cents", shares)
    gone = order["cancelled"]
    yield from _take_back(order, DayHour(gone["date"], gone["hour"]) if gone else day_hour)


def refunded(order: State, day_hour: DayHour, cents: int, *, is_paired: bool) -> Iterator[Effect]:
    """Books each event's share of a refund, or of a reversal below zero, and its tickets."""
    tickets = order.get("tickets")
    if tickets is None or is_paired:
        return
    shares = share_refund(tickets["parts"], cents, is_paired=False)
    yield from _divide(order, day_hour, "refunded_cents", shares)
    yield from _take_back(order, day_hour)


def cancelled(order: State, day_hour: DayHour) -> Iterator[Effect]:
    """Takes the tickets back, whatever is refunded; they are not given back any more."""
    if order["cancelled"] is not None:
        return
    order["cancelled"] = {"date": day_hour.day, "hour": day_hour.hour}
    if order.get("tickets") is not None and order["payment"] is not None:
        yield from _take_back(order, day_hour)


def _take_back(order: State, day_hour: DayHour) -> Iterator[Effect]:
    """Returns the tickets, or sells them again if a reversal or a payment outweighs the refunds.

    Nothing is refunded of a free order, so only a cancellation returns its tickets.
    """
    tickets = order["tickets"]
    returned = order["cancelled"] is not None or 0 < paid_cents(order) <= order["refunded_cents"]
    if returned == tickets["returned"]:
        return
    tickets["returned"] = returned
    for part in _of_events(tickets):
        units = part["units"] if returned else -part["units"]
        yield _count(order, part, day_hour, "tickets_returned", units)


def _of_events(tickets: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (part for part in tickets["parts"] if part["event_id"] is not None)


def _divide(order: State, day_hour: DayHour, field: str, shares: list[int]) -> Iterator[Effect]:
    for part, share in zip(order["tickets"]["parts"], shares, strict=True):
        if share and part["event_id"] is not None:
            yield _money(order, part, day_hour, field, share)


def _money(
    order: State, part: Mapping[str, Any], day_hour: DayHour, field: str, value: int
) -> Effect:
    of, currency = _document(order, part), order["payment"]["currency"]
    return effect(EventRevenueDay, day_hour, field, value, of=of, currency=currency)


def _count(
    order: State, part: Mapping[str, Any], day_hour: DayHour, field: str, value: int
) -> Effect:
    return effect(EventRevenueDay, day_hour, field, value, of=_document(order, part))


def _document(order: State, part: Mapping[str, Any]) -> tuple[str, str]:
    return order["tickets"]["organization_id"], part["event_id"]
