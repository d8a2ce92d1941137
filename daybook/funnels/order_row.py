"""The row of an order that names a funnel or a ticketed event."""

from functools import partial
from typing import Any

from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.moment import moment_at
from daybook.funnels.order_payments import paid_cents
from models.order import Orders

CHANGING = frozenset(
    {
        "order.created",
        "order.payment_succeeded",
        "order.refunded",
        "order.cancelled",
        "order.refund_failed",
        "order.dispute_won",
    }
)
"""The types of events that may change an order's row."""


def order_update(order: State) -> RowUpdate | None:
    """The update of the order's row; None while its `order.created` has named neither, or if the
    state is from before it kept what the row needs."""
    if order.get("created_ms") is None or not (order["funnel"] or order["tickets"]):
        return None
    return RowUpdate(Orders.collection, (order["order_id"],), partial(_values, order))


def _values(order: State) -> dict[str, Any]:
    funnel, tickets, payment = order["funnel"] or {}, order["tickets"] or {}, order["payment"]
    organization = (funnel or tickets)["organization_id"]
    visitor, funnel_id = order["visitor_id"], funnel.get("funnel_id")
    is_of_both = visitor is not None and funnel_id is not None
    return {
        "organization_id": organization,
        "order_id": order["order_id"],
        "funnel_id": funnel_id,
        "visitor_id": visitor,
        "visitor": ":".join(map(encode_part, (organization, visitor, funnel_id)))
        if is_of_both
        else None,
        "ticketed_event_ids": [
            part["event_id"] for part in tickets.get("parts", ()) if part["event_id"]
        ],
        "created_at": moment_at(order["created_ms"]),
        "currency": payment and payment["currency"],
        "paid_cents": paid_cents(order),
        "refunded_cents": order["refunded_cents"],
    }
