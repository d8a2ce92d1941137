"""The fold of a group with state: each key's messages over its one state document, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daybook.engine.batch import Batch
from daybook.engine.documents.change import Change, Document, Effect
from daybook.engine.documents.counting_rules import EVENT_IDS_KEPT, Rules
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import Row, RowUpdate, Tail
from daybook.engine.documents.sketches import Sketch, SketchModel
from daybook.engine.documents.state import State
from daybook.engine.errors import Refused
from daybook.engine.fold.memory_delta import Caused, MemoryDelta
from daybook.engine.group import Arrival, Group


@dataclass(slots=True)
class Folded:
    """`caused`: the effects on each document; `touched`: keys folded, with the last offset.

    `sketched`: the keys that each sketch must hold; `replayed`: messages that their state
    remembers.
    """

    sketches: SketchModel | None = None
    caused: dict[Document, list[Caused]] = field(default_factory=dict)
    updates: dict[tuple[str, ...], list[tuple[int, RowUpdate]]] = field(default_factory=dict)
    sketched: dict[Sketch, set[str]] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    replayed: int = 0

    def add(self, several: Iterable[Caused], state: State) -> None:
        """What messages of the state's key caused."""
        for caused in several:
            self.caused.setdefault(caused.effect.document, []).append(caused)
            for sketch in self.sketches.holding(caused.effect) if self.sketches else ():
                self.sketched.setdefault(sketch, set()).add(state["_id"])

    def update(self, offset: int, update: RowUpdate) -> None:
        name = update.collection, *update.key
        self.updates.setdefault(name, []).append((offset, update))

    def rows(self) -> list[Row]:
        """Each as the last message about it leaves it; its tail grows by what all of them add."""
        return [_row(updates) for updates in self.updates.values()]

    def changes(self, above: Mapping[Document, int] | None = None) -> dict[Document, Change]:
        """One change a document; with `above`, only those documents, past their watermarks.

        Raises Refused where a watermark lies within what several messages caused together.
        """
        changes = {}
        for document in self.caused if above is None else above.keys() & self.caused.keys():
            watermark = -1 if above is None else above[document]
            several = [caused for caused in self.caused[document] if caused.last > watermark]
            if not several:
                continue
            first, last = min(c.first for c in several), max(c.last for c in several)
            if first <= watermark:
                raise Refused
            change = changes[document] = Change(document, first, last)
            for caused in several:
                change.add(caused.effect.amount, caused.effect.value)
        return changes


def fold(
    group: Group, batch: Batch, states: dict[str, State], rules: Rules, *, singly: bool = False
) -> Folded:
    """Runs every message above its state's watermark; the states are changed in place.

    `singly`: no effect is caused by several messages together.
    """
    assert group.react is not None
    folded = Folded(group.sketches)
    measured = MemoryDelta(group.memory, singly=singly) if group.memory else None
    partition = batch.partition
    for index, offset in enumerate(batch.offsets):
        key, event = batch.keys[index], batch.events[index]
        state = states[key]
        if offset <= partition.applied(state):
            folded.replayed += 1
            continue
        arrival = Arrival(partition.topic_id, partition.number, offset, batch.appended_ms[index])
        mark = state["_daybook"]
        mark["applied"].setdefault(partition.topic_id, {})[str(partition.number)] = offset
        mark["first"].setdefault(partition.topic_id, {}).setdefault(str(partition.number), offset)
        folded.touched[key] = offset
        if batch.ids[index] in state["event_ids"]:
            folded.duplicates += 1
            continue
        if measured:
            folded.add(measured.before(state, event, batch.day_hours[index], arrival), state)
        for result in group.react(event, batch.day_hours[index], arrival, state, rules):
            if isinstance(result, Effect):
                folded.add([Caused(offset, offset, result)], state)
            else:
                folded.update(offset, result)
        if measured:
            folded.add(measured.after(state), state)
        state["event_ids"] = [*state["event_ids"], batch.ids[index]][-EVENT_IDS_KEPT:]
    if measured:
        for key in folded.touched:
            folded.add(measured.end(states[key]), states[key])
    return folded


def _row(updates: list[tuple[int, RowUpdate]]) -> Row:
    last, newest = updates[-1]
    tail = None
    if newest.tail:
        field, _, kept = newest.tail
        items = [(offset, update.tail[1]) for offset, update in updates if update.tail]
        tail = Tail(field, items, kept)
    row_id = ":".join(map(encode_part, newest.key))
    values: dict[str, Any] = {}
    for _, update in reversed(updates):
        values = update.values() | values
        if update.is_whole:
            break
    return Row(newest.collection, row_id, values, last, tail)
