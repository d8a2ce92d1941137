"""The rows of what services define: funnels, experiments and ticketed events."""

from daybook.engine.documents.rows import RowModel

_ORGANIZATION = ("string", "the organization")

Funnels = RowModel(
    "funnels",
    (),
    {
        "organization_id": _ORGANIZATION,
        "funnel_id": ("string", "the funnel"),
        "name": ("string or null", "its newest name; null if it was never published"),
        "status": ("string", "published, archived, or unpublished: only seen in traffic"),
        "published": ("bool", "whether it was ever published"),
        "steps": ("array", "{step_id, name, type, position, optional}, in order"),
        "order": ("string", "ordered, strict or any"),
        "exclusions": ("array", "ids of the steps that end an attempt"),
        "window_seconds": ("int32", "how long an attempt may take from its first step"),
        "revenue_basis": ("string or null", "orders or conversions; null if not declared"),
        "versions": (
            "array",
            "the newest 100 definitions, at most a megabyte: the fields from `name` and `steps` to "
            "`revenue_basis`, and `appended_at`",
        ),
        "truncated": ("int64", "number of older versions that are not kept"),
    },
)

Experiments = RowModel(
    "experiments",
    (),
    {
        "organization_id": _ORGANIZATION,
        "test_id": ("string", "the experiment"),
        "funnel_id": ("string", "the funnel whose conversions it is about"),
        "name": ("string", "its newest name"),
        "status": ("string", "running, completed or stopped"),
        "started_at": ("date or null", "the time of its first start"),
        "completed_at": ("date or null", "the time of its end; null while it runs"),
        "winner_variant_id": ("string or null", "the winner that its end declared"),
        "variants": ("array", "{variant_id, name, is_control, traffic_split}"),
    },
)

TicketedEvents = RowModel(
    "ticketed_events",
    (),
    {
        "organization_id": _ORGANIZATION,
        "event_id": ("string", "the ticketed event"),
        "name": ("string or null", "its newest name"),
        "starts_at": ("date or null", "when it starts"),
        "capacity": ("int32 or null", "number of places"),
        "status": ("string", "published or cancelled"),
    },
)
