"""A visitor's session in a funnel, as journeys are read."""

from functools import partial
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.state import State
from daybook.funnels.memory import SESSION_EVENTS_MAX
from daybook.funnels.visitor_event import VisitorEvent, moment
from daybook.funnels.visits import in_time, is_of

EVENTS_KEPT = 500
PATH_KEPT = 100


def session_update(visitor: State, event: Event, one: VisitorEvent) -> RowUpdate:
    """What the event makes of the row of its session and funnel."""
    data = event["data"]
    [session] = [s for s in visitor["sessions"] if s["session_id"] == data["session_id"]]
    if "user_id" in data:
        session["user_id"] = data["user_id"]
    funnel = one["funnel"]
    item = {
        "event_type": one["type"],
        "page_id": data.get("page_id"),
        "step_id": data.get("step_id"),
        "at": moment(one["at"]),
        "metadata": data.get("metadata", {}),
    }
    named = {
        "organization_id": visitor["organization_id"],
        "visitor_id": visitor["visitor_id"],
        "session_id": data["session_id"],
        "funnel_id": funnel,
        "user_id": session.get("user_id"),
        "consent": None,
    }
    return RowUpdate(
        "funnel_sessions",
        (visitor["organization_id"], visitor["visitor_id"], data["session_id"], funnel),
        partial(_values, named, session),
        ("events", item, EVENTS_KEPT),
        # But for a session that had its fill before it came to the funnel.
        is_whole=len(session["events"]) < SESSION_EVENTS_MAX
        or any(is_of(funnel, each) for each in session["events"]),
    )


def _values(named: dict[str, Any], session: Any) -> dict[str, Any]:
    events = [each for each in session["events"] if is_of(named["funnel_id"], each)]
    events.sort(key=in_time)
    return named | _story(session, events) if events else named


def _story(session: Any, events: list[VisitorEvent]) -> dict[str, Any]:
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


def _path(events: list[VisitorEvent]) -> list[str]:
    path: list[str] = []
    for each in events:
        if each["type"] == "step_entry" and path[-1:] != [each["step"]]:
            path.append(each["step"])
    return path[:PATH_KEPT]
