"""The events of one visitor, session by session."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from daybook.engine.documents.state import State
from daybook.funnels.visitor_event import VisitorEvent

NOT_OF_A_FUNNEL = frozenset({"experiment_exposed"})
"""Of the types that a visitor's session remembers, those that are no event of the funnel."""

in_time = itemgetter("at", "offset")
"""What events are put in order by."""

_new = tuple.__new__


class InSession(NamedTuple):
    """An event, its session's id, and the context that it had."""

    event: VisitorEvent
    session: str
    context: dict[str, str]


Of = tuple[str, str]
"""Organization and funnel."""


class Visits:
    """What is remembered of a visitor, as it is now; each session is put in order once."""

    def __init__(self, visitor: State) -> None:
        self._sessions = {each["session_id"]: each for each in visitor["sessions"]}
        self._ordered: dict[tuple[str, str], list[InSession]] = {}

    def session(self, funnel: str, session_id: str) -> list[InSession]:
        """The session's events in the funnel, in order."""
        found = self._ordered.get((funnel, session_id))
        if found is None and (session := self._sessions.get(session_id)):
            events = [each for each in session["events"] if is_of(funnel, each)]
            events.sort(key=in_time)
            # Made millions of times: by the class itself each takes twice as long.
            found = self._ordered[funnel, session_id] = [
                _new(InSession, (event, session_id, session["contexts"][event["context"]]))
                for event in events
            ]
        return found or []

    def on(self, funnel: str, day: str) -> list[list[InSession]]:
        """The sessions that have an event in the funnel on the day, each whole."""
        return [
            self.session(funnel, session_id)
            for session_id, session in self._sessions.items()
            if any(event["day"] == day and is_of(funnel, event) for event in session["events"])
        ]

    def is_first(self, funnel: str, day: str, at: int) -> bool:
        """Whether nothing of the day in the funnel was before that moment."""
        return not any(
            event["at"] < at and event["day"] == day and is_of(funnel, event)
            for event in self.events()
        )

    def events(self, session_id: str | None = None) -> Iterator[VisitorEvent]:
        """Those of a session, or of all."""
        for each in self._sessions if session_id is None else (session_id,):
            yield from self._sessions[each]["events"] if each in self._sessions else ()


def is_of(funnel: str, event: VisitorEvent) -> bool:
    return event.get("funnel") == funnel and event["type"] not in NOT_OF_A_FUNNEL


def on(day: str, sessions: Iterable[list[InSession]]) -> list[InSession]:
    """The events of a day, in order."""
    found = [each for session in sessions for each in session if each.event["day"] == day]
    found.sort(key=lambda each: in_time(each[0]))
    return found
