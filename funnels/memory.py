"""What is remembered of a visitor, what is forgotten when, and what it all comes to."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.change import Effect
from engine.document import Event
from engine.group import State
from funnels import funnel_measures, step_measures
from funnels.attempts import attempt_measures
from funnels.experiment_measures import experiment_measures
from funnels.seen import Seen
from funnels.ticket_measures import ticket_measures
from funnels.visit import InSession, in_order

_new = tuple.__new__

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

_NOT_OF_A_FUNNEL = frozenset({"experiment_exposed"})
"""Of the types that a visitor's session remembers, those that are no event of the funnel."""
_OF_STEPS = frozenset({"step_entry", "step_exit", "conversion"})
"""Of a funnel's events, those that a step's numbers hang on."""
_OF_NO_FUNNEL = frozenset({"experiment_exposed", "conversion", "view", "purchase"})


def outdated(visitor: State, session_id: str, appended_ms: int) -> list[str]:
    """The sessions that a message of this session, appended now, makes forgotten."""
    old = expired(visitor, appended_ms)
    left = [s["session_id"] for s in visitor["sessions"] if s["session_id"] not in old]
    if session_id not in left and len(left) >= SESSIONS_MAX:
        old.append(left[0])
    return old


def expired(visitor: State, appended_ms: int) -> list[str]:
    """The sessions that are too old for a message appended now."""
    return [
        session["session_id"]
        for session in visitor["sessions"]
        if appended_ms - session["since_ms"] > REMEMBERED_MS
    ]


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


class Part(NamedTuple):
    """Of a funnel: one session, one day, or attempts (which names neither); else what hangs on no
    funnel. What sessions and days give to `steps` is apart. Together they are all that is measured,
    and no two measure the same."""

    funnel: str | None = None
    session: str | None = None
    day: str | None = None
    steps: bool = False


def parts(visitor: State, event: Event, day: str) -> list[Part]:
    """What a message of this day may change, if it is of a visitor."""
    data, kind = event["data"], event["event_type"]
    found = {Part()} if kind in _OF_NO_FUNNEL else set()
    if "funnel_id" in data and kind not in _NOT_OF_A_FUNNEL:
        funnel, session = data["funnel_id"], data["session_id"]
        days = {each.event["day"] for each in _events(visitor, funnel, session)}
        days.add(day)
        found |= {Part(funnel, session), *(Part(funnel, day=each) for each in days)}
        if kind in _OF_STEPS:
            found.add(Part(funnel, session, steps=True))
            found |= {Part(funnel, day=each, steps=True) for each in days}
        if kind == "step_entry":
            found.add(Part(funnel))
    if visitor["first_day"] and day < visitor["first_day"]:
        funnels = {each.event.get("funnel") for each in _events(visitor)}
        found |= {Part(funnel, day=visitor["first_day"]) for funnel in funnels if funnel}
    return list(found)


def measures(visitor: State, part: Part) -> Iterator[Effect]:
    """All that hangs on more than one event: a function of what is remembered, and of nothing
    else; what an event changes is the difference of this before and after it."""
    organization, funnel = visitor["organization_id"], part.funnel
    if funnel is None:
        every = [e.event for e in in_order(_events(visitor)) if e.event["type"] in _OF_NO_FUNNEL]
        yield from experiment_measures(organization, every)
        yield from ticket_measures(organization, every)
        return
    of = organization, funnel
    if part.session is not None:
        session = in_order(_events(visitor, funnel, part.session))
        if part.steps:
            yield from step_measures.measures_of_session(of, session)
        elif session:
            yield from funnel_measures.measures_of_session(of, session)
    elif part.day is not None:
        sessions = _sessions_on(visitor, funnel, part.day)
        if part.steps:
            yield from step_measures.measures_of_day(of, part.day, sessions)
        elif sessions:
            is_first = part.day == visitor["first_day"]
            yield from funnel_measures.measures_of_day(of, part.day, sessions, is_first=is_first)
    else:
        events = (e for e in _events(visitor, funnel) if e.event["type"] == "step_entry")
        entries = [each.event for each in in_order(events)]
        yield from attempt_measures(of, entries, visitor["definitions"])


def _sessions_on(visitor: State, funnel: str, day: str) -> list[list[InSession]]:
    """Those of a funnel that have an event on the day, each whole and in order."""
    return [
        in_order(_events(visitor, funnel, session["session_id"]))
        for session in visitor["sessions"]
        if any(event["day"] == day and _is_of(funnel, event) for event in session["events"])
    ]


def _events(
    visitor: State, funnel: str | None = None, session_id: str | None = None
) -> Iterator[InSession]:
    """All; or a funnel's; or a funnel's in one session."""
    for session in visitor["sessions"]:
        if session_id is None or session["session_id"] == session_id:
            own, contexts = session["session_id"], session["contexts"]
            for event in session["events"]:
                if funnel is None or _is_of(funnel, event):
                    # Made millions of times: by the class itself each takes twice as long.
                    yield _new(InSession, (event, own, contexts[event["context"]]))


def _is_of(funnel: str, event: Seen) -> bool:
    return event.get("funnel") == funnel and event["type"] not in _NOT_OF_A_FUNNEL
