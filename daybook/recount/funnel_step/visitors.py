"""Builds a document of `visitor_state` in its stored form from the JSON that the SQL rules give."""

import json
from collections.abc import Sequence
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


def visitor_document(document: str, rows: Sequence[str]) -> Document:
    """The state with this `_id`.

    `rows`, each a JSON object: first everything but the events, with the definitions of its pins;
    then every remembered event, in the log's order. Times are milliseconds since 1970.
    """
    state, *events = map(json.loads, rows)
    organization, visitor_id = map(unquote, document.split(":"))
    users = {user["session"]: user["user_id"] for user in state["users"]}
    # In order of arrival; a session that began anew under its old id comes last.
    events.sort(key=itemgetter("session"))
    return {
        "organization_id": organization,
        "visitor_id": visitor_id,
        "first_day": state["first_day"],
        "sessions": [
            _session(list(own)) | ({"user_id": users[number]} if number in users else {})
            for number, own in groupby(events, key=itemgetter("session"))
        ],
        "pins": _pins(state["pins"]),
        "definitions": {pin["definition"]: json.loads(pin["rules"]) for pin in state["pins"]},
        "admitted": state["admitted"],
        "home": state["home"],
        "event_ids": state["event_ids"],
    }


def _session(from_sql: list[dict[str, Any]]) -> Document:
    """A session holds each context once, in order of arrival; its events refer to them by index."""
    contexts: list[Document] = []
    events = []
    for row in from_sql:
        from_log = row["context"] or {}
        context = {n: from_log[n] for n in _CONTEXT if from_log.get(n) is not None}
        if context not in contexts:
            contexts.append(context)
        event = {n: v for n, v in row.items() if v is not None and n not in _OF_THE_SESSION}
        events.append(event | {"context": contexts.index(context)})
    named = {name: from_sql[0][name] for name in ("session_id", "since_ms")}
    return named | {"contexts": contexts, "events": events}


def _pins(from_sql: list[dict[str, Any]]) -> Document:
    pins: Document = {}
    for pin in from_sql:
        entry = {name: pin[name] for name in ("definition", "topic_id", "partition", "offset")}
        pins.setdefault(pin["funnel"], {}).setdefault(pin["day"], []).append(entry)
    return pins
