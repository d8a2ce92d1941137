"""A visitor's event as it is remembered: only the fields that some number needs."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NotRequired

from typing_extensions import TypedDict

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import RESERVED, encode_key
from daybook.engine.moment import milliseconds_at, parse_moment

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency, for amounts without one."""

CONTEXT = {
    "sources": "source",
    "channels": "channel",
    "devices": "device_type",
    "browsers": "browser",
    "countries": "country",
    "campaigns": "utm_campaign",
    "landing_pages": "landing_page",
}
"""Breakdowns, each with the field of an event's context that it uses."""

DIRECT, UNKNOWN = "direct", "unknown"
"""The keys of a breakdown for those without the field: `direct` of sources, `unknown` of others."""
_RESERVED = RESERVED | {UNKNOWN}

MAILS = {"email_confirmed": "emails_confirmed", "email_failed": "emails_failed"}
"""Types of events about an order's e-mails, each with its counter."""


class VisitorEvent(TypedDict):
    """A remembered event.

    `at`: milliseconds since 1970. `context`: an index into the session's contexts. `pinned`: the
    reference of the definition that the entry goes by. `user`: the number of its user, in the
    first event of each in a session, funnel and day; it has room in what BSON adds at most.
    """

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
    user: NotRequired[int]


_EVENT_BYTES = 120
_PIN_BYTES = 80
_TEXT_BYTES = 16
_NUMBER_BYTES = 20
_CONTEXT_BYTES = 24
_CONTEXT_TEXT_BYTES = 20
"""What BSON adds at most: to an event with its two times, its day, type and context; to the
reference of a definition, which every entry may have; to each further text and number; to a
context, and to each of its texts."""

_IN_EVENT_BYTES = frozenset({"day", "hour", "type", "pinned"})
_new = tuple.__new__
_CACHED_CHARS_MAX = 64

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


def to_visitor_event(event: Event, day_hour: DayHour, offset: int) -> VisitorEvent:
    """The remembered form of a visitor's event."""
    data = event["data"]
    fields: Any = {
        "at": milliseconds(event["occurred_at"]),
        "offset": offset,
        "day": day_hour.day,
        "hour": day_hour.hour,
        "type": event["event_type"],
        "context": 0,
    }
    for name, short in _NAMES.items():
        if name in data:
            fields[short] = data[name]
    page = data.get("page") or data.get("page_id")
    if page and event["event_type"] == "page_view":
        fields["page"] = page
    if "value_cents" in data:
        fields["currency"] = data.get("currency", NO_CURRENCY)
    visitor_event: VisitorEvent = fields
    return visitor_event


def bytes_of(event: VisitorEvent) -> int:
    """The size by which an event counts in the memory: never less than its size as BSON."""
    size = _EVENT_BYTES + (_PIN_BYTES if event["type"] == "step_entry" else 0)
    for name, value in event.items():
        if isinstance(value, str) and name not in _IN_EVENT_BYTES:
            size += _TEXT_BYTES + utf8_bytes(value)
    return size + sum(_NUMBER_BYTES for name in ("cents", "quantity") if name in event)


def bytes_of_context(context: dict[str, str]) -> int:
    """The size by which a context counts that its session does not hold yet."""
    return _CONTEXT_BYTES + sum(
        _CONTEXT_TEXT_BYTES + utf8_bytes(value) for value in context.values()
    )


def utf8_bytes(text: str) -> int:
    """The number of bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def is_bot(event: Event) -> bool:
    """Whether the collector has marked the event as a bot's."""
    return bool(event["data"].get("context", {}).get("bot"))


def is_of_a_visitor(event: Event) -> bool:
    """Whether it belongs to a visitor's session, not to an order's e-mails or a ticket's scan."""
    return event["event_type"] != "barcode_scanned" and event["event_type"] not in MAILS


def milliseconds(occurred_at: str) -> int:
    """Milliseconds since 1970, further digits cut off."""
    if len(occurred_at) > _CACHED_CHARS_MAX:
        return milliseconds_at(parse_moment(occurred_at))
    return _cached_milliseconds(occurred_at)


@lru_cache(1_000)
def _cached_milliseconds(occurred_at: str) -> int:
    """Cached, because it is needed several times per event."""
    is_plain = occurred_at[-1] == "Z" and occurred_at[17] < "6"
    moment = datetime.fromisoformat(occurred_at) if is_plain else parse_moment(occurred_at)
    return milliseconds_at(moment)


def context_of(event: Event) -> dict[str, str]:
    """The fields of an event's context that the breakdowns need."""
    context = event["data"].get("context", {})
    return {name: context[name] for name in CONTEXT.values() if name in context}


def split_key(field: str, context: dict[str, str]) -> str:
    """The key of a breakdown in `CONTEXT` under which this context counts.

    A text that equals `unknown` is encoded like other reserved words.
    """
    value = context.get(CONTEXT[field])
    if not value:
        return DIRECT if field == "sources" else UNKNOWN
    return encode_key(value, _RESERVED)


def day_hour_of(event: VisitorEvent) -> DayHour:
    # Created millions of times; calling the class takes twice as long.
    return _new(DayHour, (event["day"], event["hour"]))
