"""The memory of a visitor: what is remembered, when it is forgotten, and what has no room in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.funnels.visitor_event import (
    VisitorEvent,
    bytes_of,
    bytes_of_context,
    context_of,
    milliseconds,
)
from daybook.funnels.visits import Visits

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

BYTES_MAX = 1_600_000
"""The size of the events of a visitor and their contexts. The state around them (50 sessions, pins
and definitions, 32 ids) takes less than 400,000 bytes more, so it stays below 2 MB."""

KIND_MAX = 1_000
"""Remembered events of each of these types: every message is measured against all of them, so
this bounds what a message costs. The other types are measured by session and by day."""

_BOUNDED_KINDS = ("step_entry", "conversion", "experiment_exposed")
NO_SIZE = {"bytes": 0} | dict.fromkeys(_BOUNDED_KINDS, 0)
"""The size of an empty memory: bytes, and events of the types with a bound of their own."""

_EVENT_BYTES_MAX = 64 * 1024
"""No event that the schema accepts is larger, with its context."""


def outdated(visitor: State, session_id: str, appended_ms: int) -> list[str]:
    """The sessions to forget when a message of this session, appended at this time, arrives."""
    old = expired(visitor, appended_ms)
    left = [s["session_id"] for s in visitor["sessions"] if s["session_id"] not in old]
    if session_id not in left and len(left) >= SESSIONS_MAX:
        old.append(left[0])
    return old


def expired(visitor: State, appended_ms: int) -> list[str]:
    """The sessions that are too old for a message appended at this time."""
    return [
        session["session_id"]
        for session in visitor["sessions"]
        if appended_ms - session["since_ms"] > REMEMBERED_MS
    ]


def forget(visitor: State, session_ids: Sequence[str]) -> None:
    """Removes sessions from the memory."""
    size = size_of(visitor)
    forgotten = _size([s for s in visitor["sessions"] if s["session_id"] in session_ids])
    visitor["sessions"] = [s for s in visitor["sessions"] if s["session_id"] not in session_ids]
    visitor["size"] = {name: size[name] - forgotten[name] for name in NO_SIZE}


def remember(
    visitor: State, session_id: str, appended_ms: int, event: VisitorEvent, context: dict[str, str]
) -> bool:
    """Adds an event to its session; False if there is no room, which `truncated` counts."""
    session = _session(visitor, session_id, appended_ms)
    visitor["first_day"] = min(event["day"], visitor["first_day"] or event["day"])
    size = _with(size_of(visitor), event)
    is_new = context not in session["contexts"]
    if is_new:
        size["bytes"] += bytes_of_context(context)
    if len(session["events"]) >= SESSION_EVENTS_MAX or not _is_within(size, event["type"]):
        # States from before this number do not have it until they are rebuilt.
        if "truncated" in visitor:
            visitor["truncated"] += 1
        return False
    if is_new:
        session["contexts"].append(context)
    event["context"] = session["contexts"].index(context)
    session["events"].append(event)
    visitor["size"] = size
    return True


def has_room(visitor: State, event: Event, as_remembered: VisitorEvent) -> bool:
    """Whether `remember` will add the event; both forms are of the same event."""
    kind, data = event["event_type"], event["data"]
    size = size_of(visitor)
    session = known_session(visitor, data["session_id"])
    if session and len(session["events"]) >= SESSION_EVENTS_MAX:
        return False
    if size.get(kind, 0) >= KIND_MAX:
        return False
    if size["bytes"] <= BYTES_MAX - _EVENT_BYTES_MAX:
        return True
    context, size = context_of(event), _with(size, as_remembered)
    if not session or context not in session["contexts"]:
        size["bytes"] += bytes_of_context(context)
    return _is_within(size, kind)


def size_of(visitor: Mapping[str, Any]) -> dict[str, int]:
    """The size of the memory; computed for a state from before it was stored."""
    size: dict[str, int] | None = visitor.get("size")
    return size or _size(visitor["sessions"])


def _size(sessions: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    size = dict(NO_SIZE)
    for session in sessions:
        for event in session["events"]:
            size = _with(size, event)
        size["bytes"] += sum(map(bytes_of_context, session["contexts"]))
    return size


def _with(size: Mapping[str, int], event: VisitorEvent) -> dict[str, int]:
    new, kind = dict(size), event["type"]
    new["bytes"] += bytes_of(event)
    if kind in new:
        new[kind] += 1
    return new


def _is_within(size: Mapping[str, int], kind: str) -> bool:
    return size["bytes"] <= BYTES_MAX and size.get(kind, 0) <= KIND_MAX


def known_session(visitor: State, session_id: str) -> Any:
    """The remembered session with this id, or None."""
    return next((s for s in visitor["sessions"] if s["session_id"] == session_id), None)


def _session(visitor: State, session_id: str, appended_ms: int) -> Any:
    session = known_session(visitor, session_id)
    if session is None:
        session = {"session_id": session_id, "since_ms": appended_ms, "contexts": [], "events": []}
        visitor["sessions"].append(session)
    return session


def follows(visits: Visits, event: Event, offset: int) -> bool:
    """Whether it is no exposure, and no remembered event comes after it, by time or by offset.

    Such an event does not move the attempts, exposures and conversions before it, so what it adds
    to a document is never taken back by the next such event. A later exposure does take back: a
    visitor who sees a second variant counts in none any more, nor does what they converted.
    """
    if event["event_type"] == "experiment_exposed":
        return False
    visits.catch_up()
    at = milliseconds(event["occurred_at"])
    # After a move to another partition, later events may have lower offsets.
    if visits.latest_at > at or visits.latest_offset > offset:
        return False
    # Of two entries at the same time, the order of the steps decides, not the log's.
    return event["event_type"] != "step_entry" or visits.latest_entry_at < at
