"""One event of a visitor, as it is remembered: what any number may ask of it, and no more."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NotRequired

from typing_extensions import TypedDict

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import Event

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency; where a value has none, it is not thrown away."""

CONTEXT = {
    "sources": "source",
    "channels": "channel",
    "devices": "device_type",
    "browsers": "browser",
    "countries": "country",
    "campaigns": "utm_campaign",
    "landing_pages": "landing_page",
}
"""Breakdowns, and the field of an event's context that each goes by."""


MAILS = {"email_confirmed": "emails_confirmed", "email_failed": "emails_failed"}
"""Types of events about an order's e-mails, and what counts each."""


class VisitorEvent(TypedDict):
    """`at` in milliseconds; `context` is an index into the session's contexts."""

    at: int
    offset: int
    day: str
    hour: str
    type: str
    context: int
    funnel: NotRequired[str]
    step: NotRequired[str]
    page: NotRequired[str]
    previous: NotRequired[str]
    next: NotRequired[str]
    outcome: NotRequired[str]
    reason: NotRequired[str]
    kind: NotRequired[str]
    cents: NotRequired[int]
    currency: NotRequired[str]
    test: NotRequired[str]
    variant: NotRequired[str]
    event: NotRequired[str]
    quantity: NotRequired[int]
    pinned: NotRequired[str]


_new = tuple.__new__
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_NAMES = {
    "funnel_id": "funnel",
    "step_id": "step",
    "previous_step_id": "previous",
    "next_step_id": "next",
    "exit_outcome": "outcome",
    "reason": "reason",
    "conversion_type": "kind",
    "value_cents": "cents",
    "test_id": "test",
    "variant_id": "variant",
    "event_id": "event",
    "quantity": "quantity",
}


def seen(event: Event, day_hour: DayHour, offset: int) -> VisitorEvent:
    """What is remembered of an event of a visitor."""
    data = event["data"]
    one: Any = {
        "at": milliseconds(event["occurred_at"]),
        "offset": offset,
        "day": day_hour.day,
        "hour": day_hour.hour,
        "type": event["event_type"],
        "context": 0,
    }
    for name, short in _NAMES.items():
        if name in data:
            one[short] = data[name]
    page = data.get("page") or data.get("page_id")
    if page and event["event_type"] == "page_view":
        one["page"] = page
    if "value_cents" in data:
        one["currency"] = data.get("currency", NO_CURRENCY)
    found: VisitorEvent = one
    return found


def is_bot(event: Event) -> bool:
    return bool(event["data"].get("context", {}).get("bot"))


def is_of_a_visitor(event: Event) -> bool:
    """Whether it is of a visitor's session, not of an order's e-mails or a ticket at the door."""
    return event["event_type"] != "barcode_scanned" and event["event_type"] not in MAILS


@lru_cache(1_000)
def milliseconds(occurred_at: str) -> int:
    """Since 1970; digits beyond the third are cut off. Asked several times of one event."""
    return (datetime.fromisoformat(occurred_at) - _EPOCH) // _MILLISECOND


def moment(at: int) -> datetime:
    """The inverse, in UTC."""
    return _EPOCH + timedelta(milliseconds=at)


def context_of(event: Event) -> dict[str, str]:
    """What the breakdowns ask of an event's context."""
    context = event["data"].get("context", {})
    return {name: context[name] for name in CONTEXT.values() if name in context}


def day_hour_of(one: VisitorEvent) -> DayHour:
    # Made millions of times: by the class itself each takes twice as long.
    return _new(DayHour, (one["day"], one["hour"]))
