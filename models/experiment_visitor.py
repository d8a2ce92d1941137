"""The row of a visitor's exposures and conversions in a funnel, from which tests are judged."""

from daybook.engine.documents.rows import RowIndex, RowModel

EXPOSED = {"events.test_id": {"$exists": True}}
"""The filter for rows with an exposure; a query must contain exactly it to use the index."""

_FIELDS = {
    "organization_id": ("string", "the organization"),
    "visitor_id": ("string", "the visitor"),
    "funnel_id": ("string", "the funnel"),
    "events": (
        "array",
        "the first 2,000 {event_type, at} in log order, as long as they have at most 400,000 "
        "bytes together: an `experiment_exposed` with test_id and variant_id, a `conversion` "
        "with value_cents and currency if it has a value",
    ),
    "events_total": ("int64", "number of all exposures and conversions in the funnel"),
    "truncated": ("int64", "number of those that are not in `events`, for lack of room"),
}

ExperimentVisitors = RowModel(
    "experiment_visitors",
    (RowIndex(("organization_id", "events.test_id"), EXPOSED),),
    _FIELDS,
    since=dict.fromkeys(_FIELDS, 1),
)
