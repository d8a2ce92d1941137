"""What a key's memory comes to, before each message and after it: the difference is its effect.

Message by message, though the sum over a batch would be less work: a document that one message
adds to and a later one takes from must be written for both, or what another member wrote of the
first alone would stand there for ever.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.change import Amount, Document, Effect
from engine.document import Event
from engine.group import Arrival, Memory, State
from engine.slots import Slot

Sums = dict[tuple[Document, Amount], int]


class Measured:
    """Of the keys of one batch."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sums: dict[tuple[str, Any], Sums] = {}
        self._parts: Sequence[Any] = ()

    def before(self, state: State, event: Event, slot: Slot, arrival: Arrival) -> None:
        """Called ahead of what the message does to the state; forgets what must be forgotten.

        What is forgotten is in neither side of any difference, so it stays in the documents.
        """
        if outdated := self._memory.outdated(state, event, arrival):
            self._memory.forget(state, outdated, arrival)
            self._sums = {at: sums for at, sums in self._sums.items() if at[0] != state["_id"]}
        self._parts = self._memory.parts(state, event, slot)
        unknown = [part for part in self._parts if (state["_id"], part) not in self._sums]
        for part, effects in self._memory.measure(state, unknown):
            self._sums[state["_id"], part] = _added_up(effects)

    def after(self, state: State) -> Iterator[Effect]:
        """The message's effects."""
        for part, effects in self._memory.measure(state, self._parts):
            before, now = self._sums[state["_id"], part], _added_up(effects)
            self._sums[state["_id"], part] = now
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
