"""Reads the published definitions of funnels, and their append times, from the log's messages."""

import json
import re
from collections.abc import Iterator
from typing import Any

from daybook.recount.log.messages import Columns

EVENT_TYPES = ("funnel.published",)
DATA_FIELDS = ("funnel_id", "name", "steps", "order", "exclusions", "window_seconds")

_WINDOW_SECONDS = 14 * 24 * 3600
_WINDOW_MS_MAX = 30 * 24 * 3600 * 1000
_STEPS_MAX = 100
_UUID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ID_CHARS_MIN, _ID_CHARS_MAX = 8, 64
_ORDERS = ("ordered", "strict", "any")

Row = tuple[str, int, int, int, str, str, str]


def rows(topic_id: str, columns: Columns) -> Iterator[Row]:
    """One row per valid definition: reference, partition, offset, append time (ms), event id,
    funnel, definition as text."""
    names = (
        "partition",
        "offset",
        "appended_ms",
        "message_key",
        "event_id",
        "organization_id",
        "data",
    )
    for number, offset, appended_ms, key, event_id, organization, data in zip(
        *(columns[name] for name in names), strict=True
    ):
        funnel = data.get("funnel_id")
        if not isinstance(funnel, str) or funnel != key:
            continue
        if not isinstance(event_id, str) or not _ID_CHARS_MIN <= len(event_id) <= _ID_CHARS_MAX:
            continue
        rules = _definition(data)
        if rules is not None:
            owner = f"{_encoded(organization or 'default')}:{_encoded(funnel)}"
            reference = f"{topic_id}:{number}:{offset}"
            text = as_text(**rules)
            own_id = event_id.lower() if _UUID.fullmatch(event_id) else event_id
            yield reference, number, offset, appended_ms, own_id, owner, text


def as_text(steps: list[dict[str, Any]], order: str, exclusions: list[str], window_ms: int) -> str:
    """A canonical text: equal definitions give equal texts."""
    named = [{"step_id": s["step_id"], "optional": bool(s.get("optional"))} for s in steps]
    return json.dumps(
        {"steps": named, "order": order, "exclusions": exclusions, "window_ms": int(window_ms)}
    )


def stored_text(stored: object) -> str | None:
    """The canonical text of a definition that a state keeps; None if it is not valid."""
    names = ("steps", "order", "exclusions", "window_ms")
    if not isinstance(stored, dict) or not _are_rules(*map(stored.get, names)):
        return None
    return as_text(**{name: stored[name] for name in names})


def _definition(data: dict[str, Any]) -> dict[str, Any] | None:
    steps, order = data.get("steps"), data.get("order", "ordered")
    exclusions = data.get("exclusions", [])
    seconds = data.get("window_seconds", _WINDOW_SECONDS)
    window_ms = seconds * 1000 if type(seconds) is int else None
    rules = {"steps": steps, "order": order, "exclusions": exclusions, "window_ms": window_ms}
    fits = (
        isinstance(data.get("name"), str)
        and _are_rules(**rules)
        and all(isinstance(s.get(name), str) for s in steps or () for name in ("name", "type"))
    )
    return rules if fits else None


def _are_rules(steps: object, order: object, exclusions: object, window_ms: object) -> bool:
    return (
        isinstance(steps, list)
        and 0 < len(steps) <= _STEPS_MAX
        and all(map(_is_step, steps))
        and order in _ORDERS
        and isinstance(exclusions, list)
        and all(isinstance(step, str) for step in exclusions)
        and isinstance(window_ms, int)
        and 0 < window_ms <= _WINDOW_MS_MAX
    )


def _is_step(step: object) -> bool:
    return (
        isinstance(step, dict)
        and isinstance(step.get("step_id"), str)
        and isinstance(step.get("optional", False), bool)
    )


def _encoded(part: str) -> str:
    for letter in "%:.$\0":
        part = part.replace(letter, f"%{ord(letter):02X}")
    return part
