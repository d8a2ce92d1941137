"""Builds a document of `visitor_state` in its stored form from what the SQL rules give."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple
from urllib.parse import unquote

from daybook.recount.recounted import Document

_CONTEXT = (
    "source",
    "channel",
    "device_type",
    "browser",
    "country",
    "utm_campaign",
    "landing_page",
)
_BOUNDED_KINDS = ("step_entry", "conversion", "experiment_exposed")


class Remembered(NamedTuple):
    """An event: the number of its session, that session's id and first time, the sizes of the event
    and of its context, the context's values, and the event as it is stored, in the order of the
    stored fields, which makes it cheap to compare; with 0 for the context's place."""

    session: int
    session_id: str
    since_ms: int
    size: int
    context_size: int
    context: tuple[str | None, ...]
    event: Document

    @classmethod
    def of(cls, array: list[Any]) -> "Remembered":
        session, session_id, since_ms, size, context_size, context, event = array
        return cls(session, session_id, since_ms, size, context_size, tuple(context), event)


_number = attrgetter("session")


def visitor_document(document: str, rows: Sequence[Any]) -> Document:
    """The state with this `_id`.

    `rows`: first everything but the events, with the definitions of its pins; then every remembered
    event as an array (see Remembered), in the log's order. Times are milliseconds since 1970.
    """
    state, *arrays = rows
    events = [Remembered.of(array) for array in arrays]
    organization, visitor_id = map(unquote, document.split(":"))
    pins = sorted(state["pins"], key=itemgetter("n"))
    users = {user["session"]: user["user_id"] for user in state["users"]}
    # In order of arrival; a session that began anew under its old id comes last.
    events.sort(key=_number)
    sessions = {number: _session(list(own)) for number, own in groupby(events, _number)}
    for opened in state["opened"]:
        named = {name: opened[name] for name in ("session_id", "since_ms")}
        sessions[opened["session"]] = named | {"contexts": [], "events": []}
    return {
        "organization_id": organization,
        "visitor_id": visitor_id,
        "first_day": state["first_day"],
        "user_id": state["user_id"],
        "users": state["named"],
        "sessions": [
            sessions[number] | ({"user_id": users[number]} if number in users else {})
            for number in sorted(sessions)
        ],
        "pins": _pins(pins),
        "definitions": {pin["definition"]: _rules(pin["rules"]) for pin in pins},
        "admitted": state["admitted"],
        "admissions": state["admissions"],
        "size": _size(events),
        "truncated": state["truncated"],
        "home": state["home"],
        "event_ids": state["event_ids"],
    }


@lru_cache(1_000)
def _rules(text: str) -> Document:
    rules: Document = json.loads(text)
    return rules


def _size(events: list[Remembered]) -> Document:
    """The bytes of the events and of each session's contexts, and the events of some types."""
    contexts = {(event.session, event.context): event.context_size for event in events}
    kinds = Counter(event.event["type"] for event in events)
    size = sum(event.size for event in events) + sum(contexts.values())
    return {"bytes": size} | {kind: kinds[kind] for kind in _BOUNDED_KINDS}


def _session(remembered: list[Remembered]) -> Document:
    """A session holds each context once, in order of arrival; its events refer to them by index."""
    contexts: dict[tuple[str | None, ...], int] = {}
    events = []
    for event in remembered:
        event.event["context"] = contexts.setdefault(event.context, len(contexts))
        events.append(event.event)
    return {
        "session_id": remembered[0].session_id,
        "since_ms": remembered[0].since_ms,
        "contexts": [_given(context) for context in contexts],
        "events": events,
    }


def _given(context: tuple[str | None, ...]) -> Document:
    named = zip(_CONTEXT, context, strict=True)
    return {name: value for name, value in named if value is not None}


def _pins(from_sql: list[dict[str, Any]]) -> Document:
    pins: Document = {}
    for pin in from_sql:
        entry = {name: pin[name] for name in ("definition", "topic_id", "partition", "offset")}
        pins.setdefault(pin["funnel"], {}).setdefault(pin["day"], []).append(entry)
    return pins
