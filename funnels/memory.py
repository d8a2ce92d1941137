"""What is remembered of a visitor, what is forgotten when, and what it all comes to."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.change import Effect
from engine.document import Event
from engine.group import State
from funnels.attempts import attempt_measures
from funnels.experiment_measures import experiment_measures
from funnels.funnel_measures import funnel_measures
from funnels.seen import Seen
from funnels.step_measures import step_measures
from funnels.ticket_measures import ticket_measures
from funnels.visit import NOT_OF_A_FUNNEL, InSession, Visits, in_order

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

_OF_NO_FUNNEL = frozenset({"experiment_exposed", "conversion", "view", "purchase"})


def outdated(visitor: State, session_id: str, appended_ms: int) -> list[str]:
    """The sessions that a message of this session, appended now, makes forgotten."""
    sessions = visitor["sessions"]
    old = [s["session_id"] for s in sessions if appended_ms - s["since_ms"] > REMEMBERED_MS]
    left = [s["session_id"] for s in sessions if s["session_id"] not in old]
    if session_id not in left and len(left) >= SESSIONS_MAX:
        old.append(left[0])
    return old


def forget(visitor: State, session_ids: Sequence[str]) -> None:
    visitor["sessions"] = [s for s in visitor["sessions"] if s["session_id"] not in session_ids]


def remember(
    visitor: State, session_id: str, appended_ms: int, event: Seen, context: dict[str, str]
) -> bool:
    """Adds an event; False if its session has its fill already."""
    session = _session(visitor, session_id, appended_ms)
    visitor["first_day"] = min(event["day"], visitor["first_day"] or event["day"])
    if len(session["events"]) >= SESSION_EVENTS_MAX:
        return False
    if context not in session["contexts"]:
        session["contexts"].append(context)
    event["context"] = session["contexts"].index(context)
    session["events"].append(event)
    return True


def _session(visitor: State, session_id: str, appended_ms: int) -> Any:
    for session in visitor["sessions"]:
        if session["session_id"] == session_id:
            return session
    new = {"session_id": session_id, "since_ms": appended_ms, "contexts": [], "events": []}
    visitor["sessions"].append(new)
    return new


def parts(visitor: State, event: Event, day: str) -> list[str | None]:
    """The funnels that a message of this day may change, and None for what hangs on no funnel.

    All of them, if the visitor was never here so early.
    """
    data, kind = event["data"], event["event_type"]
    funnels = {data["funnel_id"]} if "funnel_id" in data and kind not in NOT_OF_A_FUNNEL else set()
    if visitor["first_day"] and day < visitor["first_day"]:
        funnels |= {each.event["funnel"] for each in _events(visitor) if "funnel" in each.event}
    return [*sorted(funnels), *([None] if kind in _OF_NO_FUNNEL else [])]


def measures(visitor: State, part: str | None) -> Iterator[Effect]:
    """All that hangs on more than one event: a function of what is remembered, and of nothing
    else; what an event changes is the difference of this before and after it."""
    organization = visitor["organization_id"]
    if part is None:
        every = [each.event for each in in_order(_events(visitor, _OF_NO_FUNNEL))]
        yield from experiment_measures(organization, every)
        yield from ticket_measures(organization, every)
        return
    events = [
        each
        for each in _events(visitor)
        if each.event.get("funnel") == part and each.event["type"] not in NOT_OF_A_FUNNEL
    ]
    visits = Visits((organization, part), visitor["first_day"], in_order(events))
    yield from funnel_measures(visits)
    yield from step_measures(visits)
    yield from attempt_measures(visits, visitor["definitions"])


def _events(visitor: State, kinds: frozenset[str] | None = None) -> Iterator[InSession]:
    return (
        InSession(event, number, session["contexts"][event["context"]])
        for number, session in enumerate(visitor["sessions"])
        for event in session["events"]
        if kinds is None or event["type"] in kinds
    )
