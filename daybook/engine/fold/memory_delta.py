"""What a key's memory comes to, before messages and after them: the difference is their effect.

Messages that follow each other are a run, and measured together. Others are measured one by one,
though the sum over a batch would be less work: a document that one message adds to and a later one
takes from must be written for both, or what another member wrote of the first alone would stand
there for ever.
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
    """An effect, and the offsets of the first and the last message that together caused it."""

    first: int
    last: int
    effect: Effect


class MemoryDelta:
    """Of the keys of one batch; with `singly` every message is measured by itself."""

    def __init__(self, memory: Memory, *, singly: bool) -> None:
        self._memory = memory
        self._singly = singly
        self._sums: dict[str, dict[Any, Sums]] = {}
        """What each part of a key came to, before the run that it is in."""
        self._runs: dict[str, dict[Any, tuple[int, int]]] = {}
        """The first and last message of each part's run; parts without one are not in it."""
        self._alone: Sequence[Any] = ()

    def before(
        self, state: State, event: Event, day_hour: DayHour, arrival: Arrival
    ) -> Iterator[Caused]:
        """Called ahead of what the message does to the state; forgets what must be forgotten.

        What is forgotten is in neither side of any difference, so it stays in the documents.
        """
        key, offset = state["_id"], arrival.offset
        if outdated := self._memory.outdated(state, event, arrival):
            yield from self.end(state)
            self._memory.forget(state, outdated, arrival)
            self._sums.pop(key, None)
        self._alone = ()
        if not (parts := self._memory.parts(state, event, day_hour)):
            return
        sums, runs = self._sums.setdefault(key, {}), self._runs.setdefault(key, {})
        if self._singly or not self._memory.follows(state, event, arrival):
            self._alone = parts
            yield from self._end(state, [part for part in parts if part in runs])
        for part, effects in self._memory.measure(state, [p for p in parts if p not in sums]):
            sums[part] = _added_up(effects)
        for part in parts:
            runs[part] = runs[part][0] if part in runs else offset, offset

    def after(self, state: State) -> Iterator[Caused]:
        """Called when the message is in the state."""
        return self._end(state, self._alone)

    def end(self, state: State) -> Iterator[Caused]:
        """The effects of all of the key's runs."""
        return self._end(state, list(self._runs.get(state["_id"], ())))

    def _end(self, state: State, parts: Sequence[Any]) -> Iterator[Caused]:
        if not parts:
            return
        sums, runs = self._sums[state["_id"]], self._runs[state["_id"]]
        for part, effects in self._memory.measure(state, parts):
            first, last = runs.pop(part)
            before, now = sums[part], _added_up(effects)
            sums[part] = now
            for effect in _difference(before, now):
                yield _new(Caused, (first, last, effect))


def _difference(before: Sums, now: Sums) -> Iterator[Effect]:
    for at, value in now.items():
        if more := value - before.get(at, 0):
            yield Effect(*at, more)
    for at, value in before.items():
        if value and at not in now:
            yield Effect(*at, -value)


def _added_up(effects: Iterable[Effect]) -> Sums:
    sums: Sums = {}
    for effect in effects:
        at = effect[:2]
        sums[at] = sums.get(at, 0) + effect[2]
    return sums
