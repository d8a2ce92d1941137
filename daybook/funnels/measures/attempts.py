"""The attempts of a funnel: how far each got, by the definition that its day is pinned to.

As in PostHog, a chain of steps belongs to the latest entry of the first step; see docs/funnels.md.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from daybook.engine.documents.change import Effect, effect
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from daybook.funnels.visits import FunnelKey, by_time, step_key
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay


@dataclass(frozen=True, slots=True)
class Definition:
    """A funnel's definition. `ids` and `optional` are by position; the window is in ms."""

    ids: tuple[str, ...]
    optional: tuple[bool, ...]
    order: str
    exclusions: frozenset[str]
    window_ms: int

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Definition":
        """From the form that a state keeps: steps, order, exclusions, window_ms."""
        steps = stored["steps"]
        return cls(
            tuple(step["step_id"] for step in steps),
            tuple(bool(step["optional"]) for step in steps),
            stored["order"],
            frozenset(stored["exclusions"]),
            stored["window_ms"],
        )

    @property
    def positions(self) -> dict[str, int]:
        """By step id, its (first) position, from 0."""
        return {step: position for position, step in reversed(list(enumerate(self.ids)))}

    def is_complete(self, reached: set[int]) -> bool:
        """Whether an attempt that reached these positions is a completion."""
        needed = [position for position, optional in enumerate(self.optional) if not optional]
        if self.order == "any":
            return reached.issuperset(needed)
        return bool(needed) and needed[-1] in reached

    def before(self, position: int) -> Iterator[int]:
        """The positions that this one may follow, because all steps in between are optional."""
        for earlier in range(position - 1, -1, -1):
            yield earlier
            if not self.optional[earlier]:
                return


def attempt_measures(
    document_key: FunnelKey, entries: Sequence[VisitorEvent], definitions: Mapping[str, Any]
) -> Iterator[Effect]:
    """A visitor's attempts, completions and reached steps in a funnel, by day.

    `entries`: the visitor's step entries in the funnel, in order of time. `definitions`: by
    reference, as the state keeps them.
    """
    pins = {event["day"]: event["pinned"] for event in entries if "pinned" in event}
    for reference in set(pins.values()):
        definition = Definition.from_stored(definitions[reference])
        days = {day for day, pin in pins.items() if pin == reference}
        ordered = _in_order(_within_reach(entries, definition, days), definition)
        reached = (
            _in_any_order(ordered, definition, days)
            if definition.order == "any"
            else _chains(ordered, definition)
        )
        firsts = _firsts(ordered, definition)
        for day in days & firsts.keys():
            yield from _attempt(document_key, firsts[day], reached.get(day, set()), definition)


def _within_reach(
    entries: Sequence[VisitorEvent], definition: Definition, days: set[str]
) -> Sequence[VisitorEvent]:
    """The entries from the first one on these days to a window after the last one. No other entry
    changes what attempts of these days reach."""
    times = [event["at"] for event in entries if event["day"] in days]
    start = bisect_left(entries, times[0], key=itemgetter("at"))
    end = bisect_right(entries, times[-1] + definition.window_ms, key=itemgetter("at"))
    return entries[start:end]


def _in_order(
    entries: Sequence[VisitorEvent], definition: Definition
) -> list[tuple[int, VisitorEvent]]:
    """Entries of defined steps with their positions, and of excluded steps, sorted by time; at the
    same time by position, excluded steps last."""
    positions, beyond = definition.positions, len(definition.ids)
    known = [
        (positions.get(event["step"], beyond), event)
        for event in entries
        if event["step"] in positions or event["step"] in definition.exclusions
    ]
    return sorted(known, key=lambda item: (item[1]["at"], item[0], item[1]["offset"]))


def _firsts(
    ordered: list[tuple[int, VisitorEvent]], definition: Definition
) -> dict[str, VisitorEvent]:
    """The entry at which each day's attempt begins: the first of step 1, or, in any order, of any
    step."""
    firsts: dict[str, VisitorEvent] = {}
    for position, event in ordered:
        if position == 0 or (definition.order == "any" and position < len(definition.ids)):
            firsts.setdefault(event["day"], event)
    return firsts


def _chains(ordered: list[tuple[int, VisitorEvent]], definition: Definition) -> dict[str, set[int]]:
    """By day, the positions reached by chains that began on it."""
    starts: dict[int, VisitorEvent] = {}
    directly_before: int | None = None
    reached: dict[str, set[int]] = {}
    for position, event in ordered:
        if event["step"] in definition.exclusions:
            starts, directly_before = {}, None
            continue
        start = event if position == 0 else None
        if position > 0:
            candidates = [
                starts[j]
                for j in definition.before(position)
                if j in starts
                and event["at"] - starts[j]["at"] <= definition.window_ms
                and (definition.order != "strict" or j == directly_before)
            ]
            start = max(candidates, key=by_time, default=None)
        if start is not None:
            starts[position] = start
            reached.setdefault(start["day"], set()).add(position)
        directly_before = position if start is not None else None
    return reached


def _in_any_order(
    ordered: list[tuple[int, VisitorEvent]], definition: Definition, days: set[str]
) -> dict[str, set[int]]:
    known = [item for item in ordered if item[0] < len(definition.ids)]
    begun: dict[str, int] = {}
    for index, (_, event) in enumerate(known):
        begun.setdefault(event["day"], index)
    reached: dict[str, set[int]] = {}
    for day in days & begun.keys():
        until = known[begun[day]][1]["at"] + definition.window_ms
        end = bisect_right(known, until, key=lambda item: item[1]["at"])
        reached[day] = {position for position, _ in known[begun[day] : end]}
    return reached


def _attempt(
    document_key: FunnelKey, first: VisitorEvent, reached: set[int], definition: Definition
) -> Iterator[Effect]:
    day_hour = day_hour_of(first)
    yield effect(FunnelDay, day_hour, "attempts", 1, of=document_key)
    if definition.is_complete(reached):
        yield effect(FunnelDay, day_hour, "completions", 1, of=document_key)
    for step in {definition.ids[position] for position in reached}:
        step_document = (*document_key, step_key(step))
        yield effect(FunnelStepDay, day_hour, "reached", 1, of=step_document)
