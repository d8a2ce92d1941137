"""What is remembered of a visitor, what is forgotten when, and what it all comes to."""

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
from daybook.funnels.visits import NOT_OF_A_FUNNEL, Visits, in_time, is_of

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

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
    visitor: State, session_id: str, appended_ms: int, event: VisitorEvent, context: dict[str, str]
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


def follows(visitor: State, event: Event, offset: int) -> bool:
    """Whether nothing that is remembered comes after it in any order.

    Such an event leaves the attempts, exposures and conversions where they are that came before
    it, so what it adds to a document is never taken back by the next one of its kind.
    """
    at, enters = milliseconds(event["occurred_at"]), event["event_type"] == "step_entry"
    for session in visitor["sessions"]:
        for each in session["events"]:
            # A visitor who moved to another partition may have begun there at a lower offset.
            if each["at"] > at or each["offset"] > offset:
                return False
            # Of two entries at one moment the steps' order decides, not the log's.
            if enters and each["at"] == at and each["type"] == "step_entry":
                return False
    return True


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
    if "funnel_id" in data and kind not in NOT_OF_A_FUNNEL:
        found |= _of_funnel(visitor, event, day)
    if visitor["first_day"] and day < visitor["first_day"]:
        funnels = {each.get("funnel") for each in Visits(visitor).events()}
        found |= {Part(funnel, day=visitor["first_day"]) for funnel in funnels if funnel}
    return list(found)


def _of_funnel(visitor: State, event: Event, day: str) -> set[Part]:
    """A day hangs on its first event, its views and its conversions, and those on what their
    session did before them, on whatever day; a day of steps on its entries and conversions."""
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
        for each in visits.events(session):
            if each["type"] == "conversion" and is_of(funnel, each):
                found.add(Part(funnel, day=each["day"], steps=steps))
    return found


def measures(visitor: State, several: Iterable[Part]) -> Iterator[tuple[Part, Iterator[Effect]]]:
    """All that hangs on more than one event: a function of what is remembered, and of nothing
    else; what an event changes is the difference of this before and after it."""
    visits = Visits(visitor)
    for part in several:
        yield part, _measures(visitor, visits, part)


def _measures(visitor: State, visits: Visits, part: Part) -> Iterator[Effect]:
    organization, funnel = visitor["organization_id"], part.funnel
    if funnel is None:
        every = sorted((e for e in visits.events() if e["type"] in _OF_NO_FUNNEL), key=in_time)
        yield from experiment_measures(organization, every)
        yield from ticket_measures(organization, every)
        return
    of = organization, funnel
    if part.session is not None:
        session = visits.session(funnel, part.session)
        if part.steps:
            yield from step.measures_of_session(of, session)
        elif session:
            yield from funnel_measures.measures_of_session(of, session)
    elif part.day is not None:
        sessions = visits.on(funnel, part.day)
        if part.steps:
            yield from step.measures_of_day(of, part.day, sessions)
        elif sessions:
            is_first = part.day == visitor["first_day"]
            yield from funnel_measures.measures_of_day(of, part.day, sessions, is_first=is_first)
    else:
        entries = [e for e in visits.events() if e["type"] == "step_entry" and is_of(funnel, e)]
        entries.sort(key=in_time)
        yield from attempt_measures(of, entries, visitor["definitions"])
