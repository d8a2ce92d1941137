"""What a group's memory of its keys came to before some messages, and after: the difference."""

from collections import Counter
from collections.abc import Iterator

from engine.change import Amount, Document, Effect
from engine.document import Event
from engine.group import Arrival, Memory, State

Sums = Counter[tuple[Document, Amount]]


class Measured:
    """Of the keys of one batch; `last` is its last offset."""

    def __init__(self, memory: Memory, last: int) -> None:
        self._memory = memory
        self._last = last
        self._states: dict[str, State] = {}
        self._before: dict[str, Sums] = {}
        self._effects: list[tuple[int, Effect]] = []

    def before(self, state: State, event: Event, arrival: Arrival) -> None:
        """Called with each message, ahead of what it does to the state.

        What is forgotten is closed first: it is taken out of both sides of the difference.
        """
        if state["_id"] not in self._states:
            self._states[state["_id"]] = state
            self._before[state["_id"]] = self._measure(state)
        if outdated := self._memory.outdated(state, event, arrival):
            self.settle(state, self._last)
            self._memory.forget(state, outdated, arrival)
            self._before[state["_id"]] = self._measure(state)

    def settle(self, state: State, offset: int) -> None:
        """Books the difference since the last time as caused by the message at the offset."""
        before, after = self._before[state["_id"]], self._measure(state)
        self._before[state["_id"]] = after
        changed = Counter(after)
        changed.subtract(before)
        self._effects += [
            (offset, Effect(document, amount, value))
            for (document, amount), value in changed.items()
            if value
        ]

    def effects(self) -> Iterator[tuple[int, Effect]]:
        """Everything, in the order of the offsets; nothing is measured afterwards."""
        for state in self._states.values():
            self.settle(state, self._last)
        return iter(sorted(self._effects, key=lambda each: each[0]))

    def _measure(self, state: State) -> Sums:
        sums = Sums()
        for document, amount, value in self._memory.measure(state):
            sums[document, amount] += value
        return sums
