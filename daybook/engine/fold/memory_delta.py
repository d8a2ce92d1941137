"""Measures a key's memory before and after messages; the difference is the messages' effect.

Messages in order form a run, which is measured once for all of them. Messages out of order are
measured one by one, although one measurement for the batch would be cheaper: if one message adds to
a document and a later one subtracts the same, the document must be written for both. Otherwise it
would keep for ever what another member may have written after the first message alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Amount, Document, Effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Memory

_new = tuple.__new__

Sums = dict[tuple[Document, Amount], int]


class Caused(NamedTuple):
    """An effect, and the offsets of the first and last of the messages that together caused it."""

    first: int
    last: int
    effect: Effect


class MemoryDelta:
    """The measurements of one batch; with `singly`, every message is measured by itself."""

    def __init__(self, memory: Memory, *, singly: bool) -> None:
        self._memory = memory
        self._singly = singly
        self._sums: dict[str, dict[Any, Sums]] = {}
        """By state and part, the measurement before the part's current run."""
        self._runs: dict[str, dict[Any, tuple[int, int]]] = {}
        """By state and part, the first and last offset of the part's current run, if it has one."""
        self._views: dict[str, Any] = {}
        self._single_parts: Sequence[Any] = ()
        """The parts of the current message, if it is measured by itself."""

    def before(
        self, state: State, event: Event, day_hour: DayHour, arrival: Arrival
    ) -> Iterator[Caused]:
        """Called before the message changes the state; removes what the message makes outdated.

        The removal is part of no difference, so the documents keep what they got from it.
        """
        key, offset = state["_id"], arrival.offset
        if outdated := self._memory.outdated(state, event, arrival):
            yield from self.end(state)
            self._memory.forget(state, outdated, arrival)
            self._sums.pop(key, None)
            self._views.pop(key, None)
        self._single_parts = ()
        view = self._view(state)
        if not (parts := self._memory.parts(view, event, day_hour, arrival)):
            return
        sums, runs = self._sums.setdefault(key, {}), self._runs.setdefault(key, {})
        if self._singly or not self._memory.follows(view, event, arrival):
            self._single_parts = parts
            yield from self._end(state, [part for part in parts if part in runs])
        for part, effects in self._memory.measure(view, [p for p in parts if p not in sums]):
            sums[part] = _sum(effects)
        for part in parts:
            runs[part] = runs[part][0] if part in runs else offset, offset

    def after(self, state: State) -> Iterator[Caused]:
        """Called after the message has changed the state."""
        return self._end(state, self._single_parts)

    def end(self, state: State) -> Iterator[Caused]:
        """Ends all runs of the state's key, and returns their effects."""
        return self._end(state, list(self._runs.get(state["_id"], ())))

    def _view(self, state: State) -> Any:
        view = self._views.get(state["_id"])
        if view is None:
            view = self._views[state["_id"]] = self._memory.view(state)
        return view

    def _end(self, state: State, parts: Sequence[Any]) -> Iterator[Caused]:
        if not parts:
            return
        sums, runs = self._sums[state["_id"]], self._runs[state["_id"]]
        for part, effects in self._memory.measure(self._view(state), parts):
            first, last = runs.pop(part)
            before, after = sums[part], _sum(effects)
            sums[part] = after
            for effect in _difference(before, after):
                yield _new(Caused, (first, last, effect))


def _difference(before: Sums, after: Sums) -> Iterator[Effect]:
    for target, value in after.items():
        if difference := value - before.get(target, 0):
            yield Effect(*target, difference)
    for target, value in before.items():
        if value and target not in after:
            yield Effect(*target, -value)


def _sum(effects: Iterable[Effect]) -> Sums:
    sums: Sums = {}
    for effect in effects:
        target = effect[:2]
        sums[target] = sums.get(target, 0) + effect[2]
    return sums
