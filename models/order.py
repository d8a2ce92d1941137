"""The row of an order that names a funnel or a ticketed event: whose it is, and its money."""

from daybook.engine.documents.rows import RowIndex, RowModel

_FIELDS = {
    "organization_id": ("string", "the organization"),
    "order_id": ("string", "the order"),
    "funnel_id": ("string or null", "the funnel that the order names"),
    "visitor_id": ("string or null", "the visitor who ordered, if the order names them"),
    "visitor": (
        "string or null",
        "the `_id` of the visitor's row in `experiment_visitors`, with funnel and visitor",
    ),
    "ticketed_event_ids": (
        "array",
        "the ticketed events that the order's lines are tickets of",
    ),
    "created_at": ("date", "time of the first `order.created`"),
    "currency": ("string or null", "that of the first payment; null while nothing is paid"),
    "paid_cents": ("int64", "the payments that count"),
    "refunded_cents": ("int64", "the refunds that count, less what was given back"),
}

Orders = RowModel(
    "orders",
    (
        RowIndex(("organization_id", "funnel_id", "created_at")),
        RowIndex(("organization_id", "ticketed_event_ids")),
    ),
    _FIELDS,
    since=dict.fromkeys(_FIELDS, 1),
)
