"""Counts attempts: how far a visitor got in the order that the funnel's definition sets."""

from collections import defaultdict
from collections.abc import Mapping

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.definitions import Definition
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.memory import FunnelDay
from daybook.simulate.answer.shape import FUNNEL, STEP


def count(
    ledger: Ledger,
    names: tuple[str, ...],
    deeds: list[Deed],
    pins: Mapping[FunnelDay, Definition],
) -> None:
    """Counts a visitor's attempts in one funnel; `deeds` are theirs in it."""
    entries = [deed for deed in deeds if deed.kind == "step_entry"]
    for (funnel, day), pinned in pins.items():
        if funnel == names[-1] and (begun := first_of(pinned, entries, day)):
            _attempt(ledger, names, begun, pinned, reached_by_day(pinned, entries)[day])


def first_of(pinned: Definition, entries: list[Deed], day: str) -> Deed | None:
    """The entry at which the day's attempt begins: the first of step 1, or, in any order, of any
    step."""
    steps = pinned.steps if pinned.order == "any" else pinned.steps[:1]
    return next((e for e in entries if e.at.day == day and e.step in steps), None)


def _attempt(
    ledger: Ledger, names: tuple[str, ...], begun: Deed, pinned: Definition, reached: set[int]
) -> None:
    ledger.counter(FUNNEL, names, begun.at, "attempts")
    if is_complete(pinned, reached):
        ledger.counter(FUNNEL, names, begun.at, "completions")
    for position in reached:
        ledger.counter(STEP, (*names, pinned.steps[position]), begun.at, "reached")


def is_complete(pinned: Definition, reached: set[int]) -> bool:
    """Whether an attempt that reached these positions is a completion."""
    needed = [n for n, optional in enumerate(pinned.optional) if not optional]
    if pinned.order == "any":
        return reached.issuperset(needed)
    return bool(needed) and needed[-1] in reached


Reached = dict[str, set[int]]
"""By the day on which an attempt began, the positions it reached."""


def reached_by_day(definition: Definition, entries: list[Deed]) -> Reached:
    """The positions reached; `entries` are all of the visitor's in the funnel."""
    if definition.order == "any":
        return _in_any_order(definition, entries)
    return _in_order(definition, entries)


def _in_order(definition: Definition, entries: list[Deed]) -> Reached:
    reached: Reached = defaultdict(set)
    starts: dict[int, When] = {}
    before: int | None = None
    for entry in sorted(entries, key=lambda e: _order(definition, e)):
        if entry.step in definition.exclusions:
            starts, before = {}, None
            continue
        position = definition.position(entry.step)
        if position is None:
            continue
        start = _start(definition, position, entry.at, starts, before)
        before = None
        if start is not None:
            starts[position] = start
            reached[start.day].add(position)
            before = position
    return reached


def _start(
    definition: Definition,
    position: int,
    at: When,
    starts: dict[int, When],
    before: int | None,
) -> When | None:
    """When the chain began that an entry of the step at `position` continues; None if it
    continues none.

    `before`: the position of the directly preceding entry, if that one continued a chain.
    """
    if position == 0:
        return at
    candidates = _leading_to(definition, position)
    if definition.order == "strict":
        candidates = [n for n in candidates if n == before]
    begun = [starts[n] for n in candidates if n in starts]
    in_time = [start for start in begun if at.ms - start.ms <= definition.window_ms]
    return max(in_time, key=lambda start: start.ms, default=None)


def _leading_to(definition: Definition, position: int) -> list[int]:
    """The earlier positions from which all steps in between are optional."""
    return [n for n in range(position) if all(definition.optional[n + 1 : position])]


def _order(definition: Definition, entry: Deed) -> tuple[int, int, int]:
    """Sort key: time, then the step's position, then the place in the log."""
    position = definition.position(entry.step)
    last = len(definition.steps)
    return entry.at.ms, last if position is None else position, entry.place


def _in_any_order(definition: Definition, entries: list[Deed]) -> Reached:
    reached: Reached = defaultdict(set)
    known = [e for e in entries if definition.position(e.step) is not None]
    known.sort(key=lambda e: _order(definition, e))
    for day in {e.at.day for e in known}:
        start = next(e for e in known if e.at.day == day).at.ms
        for entry in known:
            if 0 <= entry.at.ms - start <= definition.window_ms:
                reached[day].add(definition.steps.index(entry.step))
    return reached
