"""The profiles of people, who is a member of which segment, and how far the segments' clock is."""

from daybook.engine.documents.rows import RowIndex, RowModel

CHANGED = {"is_changed": True}
"""The filter for profiles with something to publish; a query must contain exactly it."""

_ORGANIZATION = ("string", "the organization")
_PERSON = ("string", "`u:<user>` or `v:<visitor>`")
_SHARD = ("int32", "the partition of the feed that the person belongs to, 0 to 11")
_SEGMENT = ("string", "the segment")

SegmentProfiles = RowModel(
    "segment_profiles",
    (
        RowIndex(("shard", "due_at")),
        RowIndex(("shard",), CHANGED),
        RowIndex(("shard", "_id")),
        RowIndex(("organization_id", "sample", "first_seen")),
    ),
    {
        "organization_id": _ORGANIZATION,
        "person": _PERSON,
        "shard": _SHARD,
        "sample": ("int32", "0 to 9,999, spread evenly by the person's id"),
        "revision": ("int32", "raised by every write; a write replaces the revision that it read"),
        "first_seen": ("int64 or null", "ms since 1970; nobody is a member before"),
        "seen": ("object", "first times of what was tracked and of anything else"),
        "events": ("object", "the newest 100 times of each of at most 500 kinds, ms since 1970"),
        "attributes": ("object", "the newest 20 values of each, [[at, value]]"),
        "orders": (
            "object",
            "{paid_at, currency, cents, refunds, products, version} by order; the 1,000 paid last",
        ),
        "consent": ("array", "[[at, `given` or `withdrawn`]], the newest 200"),
        "account": ("array", "[[at, `opened` or `deleted`]], the newest 200"),
        "visitors": ("array", "visitors whose facts were taken over"),
        "into": ("string or null", "of a visitor: the user who has taken over the facts"),
        "truncated": ("int64", "number of facts that had no room"),
        "applied": ("object", "last offset applied, by topic id and partition of its source"),
        "segments": (
            "object",
            "by segment, {version, in, since, until, number}: the newest run, and how many changes "
            "were published",
        ),
        "due": ("object", "by segment, the next moment at which membership may change"),
        "due_at": ("int64 or null", "the first of these; -1: to be evaluated in the next round"),
        "touched": ("array", "the segments to be evaluated in the next round; `*` for all"),
        "is_merged": ("bool", "whether a visitor's facts are among what is new"),
        "late": (
            "array",
            "what has changed up to `evaluated_to` since: kinds, attributes, `orders`, or "
            "`everything`, as it has without the field",
        ),
        "outbox": ("array", "changes that are to be published"),
        "unpublished": ("array", "the segments whose rows are to be written"),
        "is_changed": ("bool", "whether there are any"),
        "evaluated_to": ("int64", "the moment up to which the segments were evaluated"),
    },
)

SegmentMembers = RowModel(
    "segment_members",
    (
        RowIndex(("organization_id", "segment_id", "version", "in", "_id")),
        RowIndex(("person",)),
    ),
    {
        "organization_id": _ORGANIZATION,
        "segment_id": _SEGMENT,
        "version": ("int32", "the version that was evaluated"),
        "person": _PERSON,
        "in": ("bool", "whether the person is a member"),
        "since": ("int64", "when the newest membership began, ms since 1970"),
        "until": ("int64 or null", "when it ended; null while it lasts"),
        "since_exact": (
            "bool",
            "false: it may have begun earlier, because a profile keeps the newest 100 times of a "
            "kind, 20 values of an attribute and 1,000 orders",
        ),
        "number": ("int32", "number of changes published of this person in this segment"),
        "shard": _SHARD,
        "revision": ("int32", "the profile's revision when the row was written"),
    },
)

AudienceSegments = RowModel(
    "audience_segments",
    (RowIndex(("organization_id", "segment_id", "version")),),
    {
        "organization_id": _ORGANIZATION,
        "segment_id": _SEGMENT,
        "version": ("int32", "counted from 1; a version never changes"),
        "name": ("string", "its name"),
        "filters": ("object", "the filters as defined"),
        "resolved": ("object", "the filters with other segments put in"),
        "hash": ("string", "SHA-256 of `resolved`"),
        "defined_at": ("date", "when the definition was appended"),
        "status": ("string", "backfilling, active, superseded or retired"),
        "members": ("int64", "its members, as counted every 30 seconds"),
        "progress": ("object", "{done, total}: the shards whose profiles are evaluated for it"),
    },
)

SegmentClocks = RowModel(
    "segment_clocks",
    (),
    {
        "_id": ("int32", "the shard"),
        "topic_id": ("string", "Kafka's id of the feed"),
        "next": ("int64", "the next offset of the feed to take into the profiles"),
        "clock": ("int64", "the moment up to which all profiles are evaluated, ms since 1970"),
        "round": (
            "int64",
            "everything that was appended to the sources before this is evaluated, ms since 1970",
        ),
        "applied": (
            "object",
            "by topic id and partition of the sources, the offset below which the profiles hold "
            "everything",
        ),
        "definitions": (
            "object",
            "{done, target, after}: all profiles are evaluated for the definitions below offset "
            "`done`, and those with an `_id` up to `after` for those below `target`",
        ),
    },
)
