"""The row of a session in a funnel, or outside of any, with its indexes."""

from daybook.engine.documents.rows import RowIndex, RowModel

CONVERTED = {"conversions.0": {"$exists": True}}
"""The filter for rows with a conversion; a query must contain exactly it to use the index."""

Sessions = RowModel(
    "funnel_sessions",
    (
        RowIndex(("organization_id", "funnel_id", "last_at")),
        RowIndex(("organization_id", "funnel_id", "started_at", "_id"), CONVERTED),
    ),
    {
        "organization_id": ("string", "the organization"),
        "visitor_id": ("string", "the visitor"),
        "session_id": ("string", "the session, unique within its visitor"),
        "funnel_id": (
            "string",
            "the funnel; a session has a row for each funnel it touches, and one with an empty id "
            "for its events outside of funnels",
        ),
        "user_id": ("string or null", "the account named last by an event of the session"),
        "started_at": ("date", "time of the first event in the funnel"),
        "last_at": ("date", "time of the last event in the funnel"),
        "entry_page": ("string or null", "the first page viewed"),
        "exit_page": ("string or null", "the last page viewed"),
        "page_views": ("int32", "number of pages viewed"),
        "path": ("array", "the first 100 steps entered, in order, without immediate repeats"),
        "context": ("object", "source, device and so on of the first event"),
        "conversions": ("array", "{at, type, step_id, value_cents, currency}, in order"),
        "events": (
            "array",
            "the first 500 {event_type, page_id, step_id, at, metadata}, in log order, as long as "
            "they have at most 1,000,000 bytes together",
        ),
        "events_total": ("int64", "number of all events in the funnel"),
        "truncated": ("int64", "number of events that are not in `events`, for lack of room"),
        "consent": ("null", "not yet used"),
    },
    since={"truncated": 1},
)
