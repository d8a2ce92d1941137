"""A document of `visitor_state` as it is stored, from what SQL tells of it."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
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
_OF_THE_SESSION = ("session", "session_id", "since_ms")


def visitor(document: str, told: Sequence[str]) -> Document:
    """`told`, each JSON: first what a state has beside events, with the rules of its pins; then
    every event that is remembered, in the log's order. Moments are milliseconds."""
    state, *events = map(json.loads, told)
    organization, visitor_id = map(unquote, document.split(":"))
    users = {each["session"]: each["user_id"] for each in state["users"]}
    # As they came; a session that began anew under its old id is the last one.
    events.sort(key=itemgetter("session"))
    return {
        "organization_id": organization,
        "visitor_id": visitor_id,
        "first_day": state["first_day"],
        "sessions": [
            _session(several) | ({"user_id": users[number]} if number in users else {})
            for number, several in groupby(events, key=itemgetter("session"))
        ],
        "pins": _pins(state["pins"]),
        "definitions": {pin["definition"]: json.loads(pin["rules"]) for pin in state["pins"]},
        "admitted": state["admitted"],
        "home": state["home"],
        "event_ids": state["event_ids"],
    }


def _session(told: Iterator[dict[str, Any]]) -> Document:
    """Contexts stand once a session, in the order in which they came; events name theirs."""
    several = list(told)
    contexts: list[Document] = []
    events = []
    for each in several:
        from_log = each["context"] or {}
        context = {n: from_log[n] for n in _CONTEXT if from_log.get(n) is not None}
        if context not in contexts:
            contexts.append(context)
        event = {n: v for n, v in each.items() if v is not None and n not in _OF_THE_SESSION}
        events.append(event | {"context": contexts.index(context)})
    named = {name: several[0][name] for name in ("session_id", "since_ms")}
    return named | {"contexts": contexts, "events": events}


def _pins(told: list[dict[str, Any]]) -> Document:
    pins: Document = {}
    for pin in told:
        entry = {name: pin[name] for name in ("definition", "topic_id", "partition", "offset")}
        pins.setdefault(pin["funnel"], {}).setdefault(pin["day"], []).append(entry)
    return pins
