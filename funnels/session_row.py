"""A visitor's session in a funnel, as journeys are read."""

from typing import Any

from engine.change import Row, Tail
from engine.document import Event
from engine.group import State
from engine.keys import encode_part
from funnels.seen import Seen, moment
from funnels.visit import in_time, is_of

EVENTS_KEPT = 500
PATH_KEPT = 100


def session_row(visitor: State, event: Event, one: Seen) -> Row:
    """The row of the event's session and funnel, after the event."""
    data = event["data"]
    [session] = [s for s in visitor["sessions"] if s["session_id"] == data["session_id"]]
    if "user_id" in data:
        session["user_id"] = data["user_id"]
    funnel = one["funnel"]
    events = [each for each in session["events"] if is_of(funnel, each)]
    events.sort(key=in_time)
    names = visitor["organization_id"], visitor["visitor_id"], data["session_id"], funnel
    item = {
        "event_type": one["type"],
        "page_id": data.get("page_id"),
        "step_id": data.get("step_id"),
        "at": moment(one["at"]),
        "metadata": data.get("metadata", {}),
    }
    values = {
        "organization_id": visitor["organization_id"],
        "visitor_id": visitor["visitor_id"],
        "session_id": data["session_id"],
        "funnel_id": funnel,
        "user_id": session.get("user_id"),
        "consent": None,
    }
    if events:
        values |= _story(session, events)
    row_id = ":".join(map(encode_part, names))
    return Row("funnel_sessions", row_id, values, tail=Tail("events", [(0, item)], EVENTS_KEPT))


def _story(session: Any, events: list[Seen]) -> dict[str, Any]:
    pages = [each["page"] for each in events if "page" in each]
    return {
        "started_at": moment(events[0]["at"]),
        "last_at": moment(events[-1]["at"]),
        "entry_page": pages[0] if pages else None,
        "exit_page": pages[-1] if pages else None,
        "page_views": len([each for each in events if each["type"] == "page_view"]),
        "path": _path(events),
        "context": session["contexts"][events[0]["context"]],
        "conversions": [
            {
                "at": moment(each["at"]),
                "type": each["kind"],
                "step_id": each.get("step"),
                "value_cents": each.get("cents"),
                "currency": each.get("currency"),
            }
            for each in events
            if each["type"] == "conversion"
        ],
    }


def _path(events: list[Seen]) -> list[str]:
    path: list[str] = []
    for each in events:
        if each["type"] == "step_entry" and path[-1:] != [each["step"]]:
            path.append(each["step"])
    return path[:PATH_KEPT]
