"""Builds a document of `visitor_state` in its stored form from the JSON that the SQL rules give."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from daybook.recount.recounted import Document

_number = itemgetter("session")
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
_OF_NO_EVENT = (*_OF_THE_SESSION, "size", "origin_size")
_BOUNDED_KINDS = ("step_entry", "conversion", "experiment_exposed")


def visitor_document(document: str, rows: Sequence[str]) -> Document:
    """The state with this `_id`.

    `rows`, each a JSON object: first everything but the events, with the definitions of its pins;
    then every remembered event, in the log's order. Times are milliseconds since 1970.
    """
    state, *events = map(json.loads, rows)
    organization, visitor_id = map(unquote, document.split(":"))
    users = {user["session"]: user["user_id"] for user in state["users"]}
    # In order of arrival; a session that began anew under its old id comes last.
    events.sort(key=_number)
    sessions = {number: _session(list(own)) for number, own in groupby(events, _number)}
    for opened in state["opened"]:
        named = {name: opened[name] for name in ("session_id", "since_ms")}
        sessions[_number(opened)] = named | {"contexts": [], "events": []}
    return {
        "organization_id": organization,
        "visitor_id": visitor_id,
        "first_day": state["first_day"],
        "sessions": [
            sessions[number] | ({"user_id": users[number]} if number in users else {})
            for number in sorted(sessions)
        ],
        "pins": _pins(state["pins"]),
        "definitions": {pin["definition"]: json.loads(pin["rules"]) for pin in state["pins"]},
        "admitted": state["admitted"],
        "admissions": state["admissions"],
        "size": _size(events),
        "truncated": state["truncated"],
        "home": state["home"],
        "event_ids": state["event_ids"],
    }


def _size(events: list[dict[str, Any]]) -> Document:
    """The bytes of the events and of each session's contexts, and the events of some types."""
    contexts = {(row["session"], *_context(row).items()): row["origin_size"] for row in events}
    kinds = Counter(row["type"] for row in events)
    size = sum(row["size"] for row in events) + sum(contexts.values())
    return {"bytes": size} | {kind: kinds[kind] for kind in _BOUNDED_KINDS}


def _context(row: dict[str, Any]) -> Document:
    from_log = row["context"] or {}
    return {name: from_log[name] for name in _CONTEXT if from_log.get(name) is not None}


def _session(from_sql: list[dict[str, Any]]) -> Document:
    """A session holds each context once, in order of arrival; its events refer to them by index."""
    contexts: list[Document] = []
    events = []
    for row in from_sql:
        context = _context(row)
        if context not in contexts:
            contexts.append(context)
        event = {n: v for n, v in row.items() if v is not None and n not in _OF_NO_EVENT}
        events.append(event | {"context": contexts.index(context)})
    named = {name: from_sql[0][name] for name in ("session_id", "since_ms")}
    return named | {"contexts": contexts, "events": events}


def _pins(from_sql: list[dict[str, Any]]) -> Document:
    pins: Document = {}
    for pin in from_sql:
        entry = {name: pin[name] for name in ("definition", "topic_id", "partition", "offset")}
        pins.setdefault(pin["funnel"], {}).setdefault(pin["day"], []).append(entry)
    return pins
