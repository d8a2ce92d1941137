"""A document of `visitor_state` as it is stored, from what SQL tells of it."""

import json
from typing import Any
from urllib.parse import unquote

from recount.expected import Document

_CONTEXT = (
    "source",
    "channel",
    "device_type",
    "browser",
    "country",
    "utm_campaign",
    "landing_page",
)


def visitor(document: str, told: str) -> Document:
    """`told`: JSON of first_day, sessions with their events, pins with their rules, and the rest
    as it is stored. Moments are milliseconds."""
    state = json.loads(told)
    organization, visitor_id = map(unquote, document.split(":"))
    return {
        "organization_id": organization,
        "visitor_id": visitor_id,
        "first_day": state["first_day"],
        "sessions": list(map(_session, state["sessions"])),
        "pins": _pins(state["pins"]),
        "definitions": {pin["definition"]: json.loads(pin["rules"]) for pin in state["pins"]},
        "admitted": state["admitted"],
        "home": state["home"],
        "event_ids": state["event_ids"],
    }


def _session(told: dict[str, Any]) -> Document:
    """Contexts stand once a session, in the order in which they came; events name theirs."""
    contexts: list[Document] = []
    events = []
    for each in told["events"]:
        event = {name: value for name, value in each.items() if value is not None}
        from_log = each["context"] or {}
        context = {n: from_log[n] for n in _CONTEXT if from_log.get(n) is not None}
        if context not in contexts:
            contexts.append(context)
        events.append(event | {"context": contexts.index(context)})
    named = {"session_id": told["session_id"], "since_ms": told["since_ms"]}
    user = {} if told["user_id"] is None else {"user_id": told["user_id"]}
    return named | {"contexts": contexts, "events": events} | user


def _pins(told: list[dict[str, Any]]) -> Document:
    pins: Document = {}
    for pin in told:
        entry = {name: pin[name] for name in ("definition", "topic_id", "partition", "offset")}
        pins.setdefault(pin["funnel"], {}).setdefault(pin["day"], []).append(entry)
    return pins
