"""Sessions' rows: what they hold, and how they are found: by when they began, when they were last
seen, and if they converted."""

from daybook.engine.documents.rows import RowIndex, RowModel

CONVERTED = {"conversions.0": {"$exists": True}}
"""Of a row of `funnel_sessions` with a conversion; a reader must ask for just this."""

Sessions = RowModel(
    "funnel_sessions",
    (
        RowIndex(("organization_id", "funnel_id", "last_at")),
        RowIndex(("organization_id", "funnel_id", "started_at", "_id"), CONVERTED),
    ),
    {
        "organization_id": ("string", "whose it is"),
        "visitor_id": ("string", "the visitor"),
        "session_id": ("string", "the session, of one visitor"),
        "funnel_id": ("string", "the funnel; a session has a row in each that it touches"),
        "user_id": ("string or null", "the account that an event of the session named last"),
        "started_at": ("date", "its first event in the funnel"),
        "last_at": ("date", "its last event in the funnel"),
        "entry_page": ("string or null", "the first page viewed"),
        "exit_page": ("string or null", "the last page viewed"),
        "page_views": ("int32", "pages viewed"),
        "path": ("array", "the steps entered, in order, none twice in a row; the first 100"),
        "context": ("object", "source, device and the like, of the first event"),
        "conversions": ("array", "{at, type, step_id, value_cents, currency}, in order"),
        "events": ("array", "{event_type, page_id, step_id, at, metadata}, as they came; 500"),
        "events_total": ("int64", "all of its events in the funnel"),
        "consent": ("null", "not yet used"),
    },
)
