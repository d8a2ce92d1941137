"""The row of a user of a visitor on a day in a funnel, with its index."""

from daybook.engine.documents.rows import RowIndex, RowModel

_FIELDS = {
    "organization_id": ("string", "the organization"),
    "funnel_id": ("string", "the funnel"),
    "date": ("date", "the day, as midnight UTC"),
    "visitor_id": ("string", "the visitor"),
    "user_id": ("string", "one of the users whom the visitor was on that day in the funnel"),
}

FunnelUsers = RowModel(
    "funnel_users",
    (RowIndex(("organization_id", "funnel_id", "date", "user_id")),),
    _FIELDS,
    since=dict.fromkeys(_FIELDS, 1),
)
