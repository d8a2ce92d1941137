"""The remembered events of one visitor, kept in order while messages are added."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.state import State
from daybook.funnels.visitor_event import VisitorEvent

NOT_FUNNEL_EVENTS = frozenset({"experiment_exposed"})
"""Remembered event types that name a funnel but are no events of it."""

UNIQUE_TICKETS = frozenset({"view", "purchase"})
"""Event types of ticketed events of which a visitor's first of the day counts."""

UNATTRIBUTED = "unattributed"
"""The step of a conversion without one."""

by_time = itemgetter("at", "offset")
"""Sort key: time, then offset."""

T = TypeVar("T")
_new = tuple.__new__
_LONG_AGO = -(2**63)


class InSession(NamedTuple):
    """An event with its session's id and its context."""

    event: VisitorEvent
    session: str
    context: dict[str, str]


FunnelKey = tuple[str, str]
"""Organization and funnel: the key of a funnel's documents before the day."""


@dataclass(slots=True)
class VisitedDay:
    """A day of the visitor in a funnel: the first events, the pages, whether an event has a user,
    and the conversions' number and amounts by currency."""

    first: InSession
    first_conversion: VisitorEvent | None = None
    conversions: int = 0
    cents: dict[str, int] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    is_named: bool = False

    def add(self, item: InSession) -> None:
        """Adds an event of the day."""
        event = item.event
        if by_time(event) < by_time(self.first.event):
            self.first = item
        if "page" in event:
            self.pages.add(event["page"])
        if "user" in event:
            self.is_named = True
        if event["type"] == "conversion":
            self.conversions += 1
            if cents := event.get("cents"):
                self.cents[event["currency"]] = self.cents.get(event["currency"], 0) + cents
            if self.first_conversion is None or by_time(event) < by_time(self.first_conversion):
                self.first_conversion = event


@dataclass(slots=True)
class Exposures:
    """The exposures of the visitor to a test: the first one, and the variants of all."""

    first: VisitorEvent
    variants: set[str] = field(default_factory=set)

    @property
    def is_multiple(self) -> bool:
        """Whether the visitor saw two or more variants."""
        return len(self.variants) > 1

    def add(self, event: VisitorEvent) -> None:
        """Adds an exposure to the test."""
        self.first = min(self.first, event, key=by_time)
        self.variants.add(event["variant"])


class Amounts:
    """Amounts in order of time; `since` sums them from a time on."""

    def __init__(self) -> None:
        self._pairs: list[tuple[int, int]] = []
        self._sums: list[int] | None = None

    def add(self, at: int, cents: int) -> None:
        """Adds an amount of this time, in milliseconds since 1970."""
        insort(self._pairs, (at, cents))
        self._sums = None

    def since(self, at: int) -> int:
        """The sum of the amounts at or after this time."""
        if self._sums is None:
            self._sums = list(accumulate((cents for _, cents in self._pairs), initial=0))
        return self._sums[-1] - self._sums[bisect_left(self._pairs, (at, _LONG_AGO))]


class Visits:
    """The memory of a visitor, ordered; each method includes what was remembered until now.

    Sessions may grow, but none may be removed: then a new one is needed.
    """

    def __init__(self, visitor: State) -> None:
        self.visitor = visitor
        self.latest_at = self.latest_offset = self.latest_entry_at = _LONG_AGO
        """The greatest time and offset, and the greatest time of an entry."""
        self.exposures: dict[str, Exposures] = {}
        """By test."""
        self.tests: dict[str, set[str]] = {}
        """By funnel, the tests with an exposure that names it."""
        self.latest_conversion_at: dict[str, int] = {}
        self.amounts: dict[tuple[str, str], Amounts] = {}
        """By funnel and currency, those of conversions."""
        self.tickets: dict[tuple[str, str, str], VisitorEvent] = {}
        """By type, ticketed event and day, the first event."""
        self.days: dict[tuple[str, str], VisitedDay] = {}
        """By funnel and day."""
        self.funnels_on: dict[str, set[str]] = {}
        self.entries: dict[str, list[VisitorEvent]] = {}
        """By funnel, in order of time."""
        self.first_entries: dict[tuple[str, str, str], InSession] = {}
        """By funnel, day and step, the first entry."""
        self._sessions: dict[tuple[str, str], list[InSession]] = {}
        self._converting: dict[str, dict[str, Any]] = {}
        """By funnel and session with conversions, what was derived from the session."""
        self._known: dict[str, int] = {}

    def catch_up(self) -> None:
        """Includes the events that were remembered since the last call."""
        for session in self.visitor["sessions"]:
            session_id, events = session["session_id"], session["events"]
            known = self._known.get(session_id, 0)
            if known < len(events):
                contexts = session["contexts"]
                for event in events[known:]:
                    self._add(_new(InSession, (event, session_id, contexts[event["context"]])))
                self._known[session_id] = len(events)

    def session(self, funnel: str, session_id: str) -> list[InSession]:
        """The session's events in the funnel, in order of time."""
        return self._sessions.get((funnel, session_id), [])

    def converting(self, funnel: str) -> dict[str, Any]:
        """By each session with a conversion in the funnel, a value that the caller may keep there;
        it is None again once the session has changed."""
        return self._converting.get(funnel, {})

    def is_first(self, funnel: str, day: str, at: int) -> bool:
        """Whether no event in the funnel on the day is earlier than `at`."""
        known = self.days.get((funnel, day))
        return known is None or at <= known.first.event["at"]

    def _add(self, item: InSession) -> None:
        event = item.event
        at, kind = event["at"], event["type"]
        self.latest_at = max(self.latest_at, at)
        self.latest_offset = max(self.latest_offset, event["offset"])
        if kind == "experiment_exposed":
            self.exposures.setdefault(event["test"], Exposures(event)).add(event)
            self.tests.setdefault(event["funnel"], set()).add(event["test"])
            return
        if kind in UNIQUE_TICKETS:
            once = kind, event["event"], event["day"]
            self.tickets[once] = min(self.tickets.get(once, event), event, key=by_time)
        if "funnel" in event:
            self._add_to_funnel(event["funnel"], item)

    def _add_to_funnel(self, funnel: str, item: InSession) -> None:
        event, session_id = item.event, item.session
        day, kind = event["day"], event["type"]
        _insert(self._sessions.setdefault((funnel, session_id), []), item, _time_of)
        visited = self.days.get((funnel, day))
        if visited is None:
            visited = self.days[funnel, day] = VisitedDay(item)
            self.funnels_on.setdefault(day, set()).add(funnel)
        visited.add(item)
        if kind == "step_entry":
            self.latest_entry_at = max(self.latest_entry_at, event["at"])
            _insert(self.entries.setdefault(funnel, []), event, by_time)
            entered = funnel, day, step_key(event["step"])
            known = self.first_entries.get(entered, item)
            self.first_entries[entered] = min(known, item, key=_time_of)
            if session_id in self._converting.get(funnel, ()):
                self._converting[funnel][session_id] = None
        if kind == "conversion":
            self._converting.setdefault(funnel, {})[session_id] = None
            latest = self.latest_conversion_at.get(funnel, event["at"])
            self.latest_conversion_at[funnel] = max(latest, event["at"])
            if cents := event.get("cents"):
                amounts = self.amounts.setdefault((funnel, event["currency"]), Amounts())
                amounts.add(event["at"], cents)


def _time_of(item: InSession) -> Any:
    return by_time(item[0])


def _insert(ordered: list[T], item: T, key: Callable[[T], Any]) -> None:
    # Most events arrive in order.
    if not ordered or key(ordered[-1]) <= key(item):
        ordered.append(item)
    else:
        insort(ordered, item, key=key)


def place_of(at: tuple[int, int], session: list[InSession]) -> int:
    """The place in an ordered session at which an event of this time and offset belongs."""
    return bisect_right(session, at, key=_time_of)


def belongs_to(funnel: str, event: VisitorEvent) -> bool:
    """Whether it is an event of the funnel; "" stands for outside of any funnel."""
    return event.get("funnel", "") == funnel and event["type"] not in NOT_FUNNEL_EVENTS


def step_key(step: str) -> str:
    """The step's part of the `_id`; a step named like the reserved word is encoded."""
    return encode_key(step) if step == UNATTRIBUTED else step
