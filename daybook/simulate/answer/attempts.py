"""Attempts: how far a visitor came in the order that the funnel's definition gives."""

from collections.abc import Mapping

from daybook.simulate.answer.chains import reached_by_day
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
    """`deeds`: the visitor's in the funnel; `pins` by funnel and day."""
    entries = [deed for deed in deeds if deed.kind == "step_entry"]
    for (funnel, day), pinned in pins.items():
        if funnel == names[-1] and (begun := first_of(pinned, entries, day)):
            _attempt(ledger, names, begun, pinned, reached_by_day(pinned, entries)[day])


def first_of(pinned: Definition, entries: list[Deed], day: str) -> Deed | None:
    """The entry at which the day's attempt stands: the first of step 1, or of any step."""
    steps = pinned.steps if pinned.order == "any" else pinned.steps[:1]
    return next((e for e in entries if e.at.day == day and e.step in steps), None)


def _attempt(
    ledger: Ledger, names: tuple[str, ...], begun: Deed, pinned: Definition, reached: set[int]
) -> None:
    ledger.scalar(FUNNEL, names, begun.at, "attempts")
    if is_complete(pinned, reached):
        ledger.scalar(FUNNEL, names, begun.at, "completions")
    for position in reached:
        ledger.scalar(STEP, (*names, pinned.steps[position]), begun.at, "reached")


def is_complete(pinned: Definition, reached: set[int]) -> bool:
    needed = [n for n, optional in enumerate(pinned.optional) if not optional]
    if pinned.order == "any":
        return reached.issuperset(needed)
    return bool(needed) and needed[-1] in reached
