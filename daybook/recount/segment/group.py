"""The group that evaluates segments: its topics, and the fields of events that its rules read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from daybook.recount.event_types import ORDERS, TRACKED, USERS


class Source(NamedTuple):
    """A topic that is recounted. `event_types`: all types of the topic; others are ignored.
    `data_fields`: the fields of an event's `data` that the rules read."""

    topic: str
    event_types: tuple[str, ...]
    data_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """`sources` say what people did; `definitions` and `changes` are topics; `feed` is the one
    between the group's two stages."""

    name: str
    sources: tuple[Source, ...]
    definitions: str
    feed: str
    changes: Source

    def over(
        self, name: str, sources: Sequence[str], definitions: str, feed: str, changes: str
    ) -> "SegmentGroup":
        """The group under another name, over topics with these names."""
        return SegmentGroup(
            name,
            tuple(s._replace(topic=t) for s, t in zip(self.sources, sources, strict=True)),
            definitions,
            feed,
            self.changes._replace(topic=changes),
        )


RULES = Path(__file__).parents[1] / "segment.sql"

SEGMENT = SegmentGroup(
    "sc-analytics-segment",
    (
        Source(
            "sc.domain.user",
            USERS,
            ("user_id", "visitor_id", "country", "role", "source", "email_domain", "new_role"),
        ),
        Source(
            "sc.domain.order",
            ORDERS,
            (
                "order_id",
                "user_id",
                "visitor_id",
                "currency",
                "amount_cents",
                "installment",
                "refund_cents",
                "items",
                "event_id",
                "funnel_id",
                "step_id",
            ),
        ),
        Source(
            "sc.tracking.funnel",
            TRACKED,
            (
                "visitor_id",
                "order_id",
                "ticket_id",
                "user_id",
                "event_id",
                "funnel_id",
                "step_id",
                "asset_id",
                "name",
                "conversion_type",
                "context",
            ),
        ),
    ),
    definitions="sc.analytics.segments",
    feed="sc.analytics.segment-feed",
    changes=Source(
        "sc.analytics.segment-changes",
        ("segment.entered", "segment.left"),
        ("segment_id", "version", "person", "number", "since"),
    ),
)
