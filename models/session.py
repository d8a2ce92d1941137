"""How sessions are found: by when they began, when they were last seen, and if they converted."""

from engine.group import RowIndex, RowModel

CONVERTED = {"conversions.0": {"$exists": True}}
"""Of a row of `funnel_sessions` with a conversion; a reader must ask for just this."""

Sessions = RowModel(
    "funnel_sessions",
    (
        RowIndex(("organization_id", "funnel_id", "last_at")),
        RowIndex(("organization_id", "funnel_id", "started_at", "_id"), CONVERTED),
    ),
)
