"""Reads the remembered events of one visitor, session by session."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from daybook.engine.documents.state import State
from daybook.funnels.visitor_event import VisitorEvent

NOT_FUNNEL_EVENTS = frozenset({"experiment_exposed"})
"""Remembered event types that name a funnel but are no events of it."""

by_time = itemgetter("at", "offset")
"""Sort key: time, then offset."""

_new = tuple.__new__


class InSession(NamedTuple):
    """An event with its session's id and its context."""

    event: VisitorEvent
    session: str
    context: dict[str, str]


FunnelKey = tuple[str, str]
"""Organization and funnel: the key of a funnel's documents before the day."""


class Visits:
    """The visitor's current memory; each session is sorted at most once."""

    def __init__(self, visitor: State) -> None:
        self._sessions = {session["session_id"]: session for session in visitor["sessions"]}
        self._ordered: dict[tuple[str, str], list[InSession]] = {}

    def session(self, funnel: str, session_id: str) -> list[InSession]:
        """The session's events in the funnel, in order of time."""
        found = self._ordered.get((funnel, session_id))
        if found is None and (session := self._sessions.get(session_id)):
            events = [event for event in session["events"] if belongs_to(funnel, event)]
            events.sort(key=by_time)
            # Created millions of times; calling the class takes twice as long.
            found = self._ordered[funnel, session_id] = [
                _new(InSession, (event, session_id, session["contexts"][event["context"]]))
                for event in events
            ]
        return found or []

    def sessions_on(self, funnel: str, day: str) -> list[list[InSession]]:
        """The sessions with an event in the funnel on the day, each with all its events there."""
        return [
            self.session(funnel, session_id)
            for session_id, session in self._sessions.items()
            if any(event["day"] == day and belongs_to(funnel, event) for event in session["events"])
        ]

    def is_first(self, funnel: str, day: str, at: int) -> bool:
        """Whether no event in the funnel on the day is earlier than `at`."""
        return not any(
            event["at"] < at and event["day"] == day and belongs_to(funnel, event)
            for event in self.events()
        )

    def events(self, session_id: str | None = None) -> Iterator[VisitorEvent]:
        """The events of a session, or of all sessions."""
        for one_id in self._sessions if session_id is None else (session_id,):
            yield from self._sessions[one_id]["events"] if one_id in self._sessions else ()


def belongs_to(funnel: str, event: VisitorEvent) -> bool:
    """Whether it is an event of the funnel."""
    return event.get("funnel") == funnel and event["type"] not in NOT_FUNNEL_EVENTS


def events_on(day: str, sessions: Iterable[list[InSession]]) -> list[InSession]:
    """The sessions' events of a day, in order of time."""
    events = [item for session in sessions for item in session if item.event["day"] == day]
    events.sort(key=lambda item: by_time(item[0]))
    return events
