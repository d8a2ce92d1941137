"""The group that evaluates segments: its topics, and the fields of events that its rules read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


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

_TRACKED = (
    "page_view",
    "step_entry",
    "step_exit",
    "conversion",
    "experiment_exposed",
    "view",
    "cart_add",
    "checkout_start",
    "purchase",
    "email_confirmed",
    "email_failed",
    "barcode_scanned",
    "custom",
    "asset_viewed",
    "asset_downloaded",
    "license_clicked",
    "engagement",
    "cta_clicked",
    "searched",
    "filtered",
)
_USERS = (
    "created",
    "verified",
    "role_changed",
    "suspended",
    "reactivated",
    "deleted",
    "login_succeeded",
    "login_failed",
    "locked",
    "consent_given",
    "consent_withdrawn",
)
_ORDERS = (
    "created",
    "payment_initiated",
    "payment_succeeded",
    "payment_failed",
    "confirmed",
    "shipped",
    "delivered",
    "cancelled",
    "refunded",
    "refund_failed",
    "dispute_won",
    "attribution_recorded",
)

SEGMENT = SegmentGroup(
    "sc-analytics-segment",
    (
        Source(
            "sc.domain.user",
            tuple(f"user.{name}" for name in _USERS),
            ("user_id", "visitor_id", "country", "role", "source", "email_domain", "new_role"),
        ),
        Source(
            "sc.domain.order",
            tuple(f"order.{name}" for name in _ORDERS),
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
            _TRACKED,
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
