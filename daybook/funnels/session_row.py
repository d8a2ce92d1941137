"""The row of a visitor's session in a funnel, or outside of any, from which journeys are read."""

from functools import partial
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.documents.rows import Growth, RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.moment import moment_at
from daybook.funnels.visitor_event import VisitorEvent
from daybook.funnels.visits import belongs_to, by_time

EVENTS = Growth("events", 500, 1_000_000)
"""The rest of a row has at most 450,000 bytes more: 500 conversions, 100 steps and a context. So a
row stays below 2 MB, and its update, which has each of them once, as well."""

PATH_KEPT = 100


def session_update(visitor: State, event: Event, visitor_event: VisitorEvent) -> RowUpdate:
    """The update of the row of the event's session and funnel; its id is "" without a funnel."""
    data = event["data"]
    [session] = [s for s in visitor["sessions"] if s["session_id"] == data["session_id"]]
    if "user_id" in data:
        session["user_id"] = data["user_id"]
    funnel = visitor_event.get("funnel", "")
    item = {
        "event_type": visitor_event["type"],
        "page_id": data.get("page_id"),
        "step_id": data.get("step_id"),
        "at": moment_at(visitor_event["at"]),
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
        (EVENTS, item),
        # False for a session that had no room for any event in the funnel.
        is_whole=any(belongs_to(funnel, known) for known in session["events"]),
    )


def _values(named: dict[str, Any], session: Any) -> dict[str, Any]:
    events = [known for known in session["events"] if belongs_to(named["funnel_id"], known)]
    events.sort(key=by_time)
    return named | _story(session, events) if events else named


def _story(session: Any, events: list[VisitorEvent]) -> dict[str, Any]:
    pages = [known["page"] for known in events if "page" in known]
    return {
        "started_at": moment_at(events[0]["at"]),
        "last_at": moment_at(events[-1]["at"]),
        "entry_page": pages[0] if pages else None,
        "exit_page": pages[-1] if pages else None,
        "page_views": len([known for known in events if known["type"] == "page_view"]),
        "path": _path(events),
        "context": session["contexts"][events[0]["context"]],
        "conversions": [
            {
                "at": moment_at(known["at"]),
                "type": known["kind"],
                "step_id": known.get("step"),
                "value_cents": known.get("cents"),
                "currency": known.get("currency"),
            }
            for known in events
            if known["type"] == "conversion"
        ],
    }


def _path(events: list[VisitorEvent]) -> list[str]:
    path: list[str] = []
    for known in events:
        if known["type"] == "step_entry" and path[-1:] != [known["step"]]:
            path.append(known["step"])
    return path[:PATH_KEPT]
