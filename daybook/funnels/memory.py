"""The memory of a visitor: what is remembered, when it is forgotten, and what is measured of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.change import Effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.funnels.measures import funnel as funnel_measures
from daybook.funnels.measures import step
from daybook.funnels.measures.attempts import attempt_measures
from daybook.funnels.measures.experiment import experiment_measures
from daybook.funnels.measures.ticket import ticket_measures
from daybook.funnels.visitor_event import VisitorEvent, milliseconds
from daybook.funnels.visits import NOT_FUNNEL_EVENTS, Visits, belongs_to, by_time

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

_MEASURED_ACROSS_FUNNELS = frozenset({"experiment_exposed", "conversion", "view", "purchase"})


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
    visitor["sessions"] = [s for s in visitor["sessions"] if s["session_id"] not in session_ids]


def remember(
    visitor: State, session_id: str, appended_ms: int, event: VisitorEvent, context: dict[str, str]
) -> bool:
    """Adds an event to its session; False if the session is full."""
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


def follows(visitor: State, event: Event, offset: int) -> bool:
    """Whether no remembered event comes after this one, by time or by offset.

    Such an event does not move the attempts, exposures and conversions before it, so what it adds
    to a document is never taken back by the next such event.
    """
    at, enters = milliseconds(event["occurred_at"]), event["event_type"] == "step_entry"
    for session in visitor["sessions"]:
        for known in session["events"]:
            # After a move to another partition, later events may have lower offsets.
            if known["at"] > at or known["offset"] > offset:
                return False
            # Of two entries at the same time, the order of the steps decides, not the log's.
            if enters and known["at"] == at and known["type"] == "step_entry":
                return False
    return True


class Part(NamedTuple):
    """A part of a visitor's measures, so that an event recomputes only the parts it may change.

    With a funnel: the measures of one session, of one day, or (neither given) of its attempts.
    `steps` selects the session's or day's measures by step instead of those of the funnel.
    Without a funnel: measures across funnels. The parts together are everything that is measured,
    and no two overlap.
    """

    funnel: str | None = None
    session: str | None = None
    day: str | None = None
    steps: bool = False


def parts(visitor: State, event: Event, day: str) -> list[Part]:
    """The parts that an event of a visitor, on this day, may change."""
    data, kind = event["data"], event["event_type"]
    found = {Part()} if kind in _MEASURED_ACROSS_FUNNELS else set()
    if "funnel_id" in data and kind not in NOT_FUNNEL_EVENTS:
        found |= _of_funnel(visitor, event, day)
    if visitor["first_day"] and day < visitor["first_day"]:
        funnels = {known.get("funnel") for known in Visits(visitor).events()}
        found |= {Part(funnel, day=visitor["first_day"]) for funnel in funnels if funnel}
    return list(found)


def _of_funnel(visitor: State, event: Event, day: str) -> set[Part]:
    """A day's measures depend on its first event, its page views and its conversions, and these
    on earlier events of their session, even of another day. A day's measures by step depend on
    its entries and conversions."""
    data, kind = event["data"], event["event_type"]
    funnel, session = data["funnel_id"], data["session_id"]
    at, visits = milliseconds(event["occurred_at"]), Visits(visitor)
    found = {Part(funnel, session)}
    if kind in ("page_view", "conversion") or visits.is_first(funnel, day, at):
        found.add(Part(funnel, day=day))
    if kind in ("step_entry", "step_exit") or (kind == "conversion" and "step_id" not in data):
        found.add(Part(funnel, session, steps=True))
    if kind in ("step_entry", "conversion"):
        found.add(Part(funnel, day=day, steps=True))
    if kind == "step_entry":
        found.add(Part(funnel))
    if kind in ("page_view", "step_entry"):
        steps = kind == "step_entry"
        for known in visits.events(session):
            if known["type"] == "conversion" and belongs_to(funnel, known):
                found.add(Part(funnel, day=known["day"], steps=steps))
    return found


def measures(visitor: State, selected: Iterable[Part]) -> Iterator[tuple[Part, Iterator[Effect]]]:
    """The effects of these parts: every number that depends on more than one event.

    They depend on the memory alone. What an event changes is the difference between the measures
    after and before it.
    """
    visits = Visits(visitor)
    for part in selected:
        yield part, _measures(visitor, visits, part)


def _measures(visitor: State, visits: Visits, part: Part) -> Iterator[Effect]:
    organization, funnel = visitor["organization_id"], part.funnel
    if funnel is None:
        types = _MEASURED_ACROSS_FUNNELS
        events = sorted((e for e in visits.events() if e["type"] in types), key=by_time)
        yield from experiment_measures(organization, events)
        yield from ticket_measures(organization, events)
        return
    document_key = organization, funnel
    if part.session is not None:
        session = visits.session(funnel, part.session)
        if part.steps:
            yield from step.measures_of_session(document_key, session)
        elif session:
            yield from funnel_measures.measures_of_session(document_key, session)
    elif part.day is not None:
        sessions = visits.sessions_on(funnel, part.day)
        if part.steps:
            yield from step.measures_of_day(document_key, part.day, sessions)
        elif sessions:
            is_first = part.day == visitor["first_day"]
            yield from funnel_measures.measures_of_day(
                document_key, part.day, sessions, is_first=is_first
            )
    else:
        entries = [
            e for e in visits.events() if e["type"] == "step_entry" and belongs_to(funnel, e)
        ]
        entries.sort(key=by_time)
        yield from attempt_measures(document_key, entries, visitor["definitions"])
