"""The fold of a group with state: applies each key's messages to its state document, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daybook.engine.batch import Batch
from daybook.engine.documents.change import Change, Document, Effect
from daybook.engine.documents.counting_rules import EVENT_IDS_KEPT, Rules
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.outgoing import Outgoing
from daybook.engine.documents.rows import Row, RowUpdate, Tail
from daybook.engine.documents.sketches import Distinct, Sketch, SketchModel
from daybook.engine.documents.state import State
from daybook.engine.errors import Refused
from daybook.engine.fold.memory_delta import Caused, MemoryDelta
from daybook.engine.group import Arrival, Group


@dataclass(slots=True)
class Folded:
    """The outcome of folding a batch.

    `caused`: the effects on each document. `updates`: by row, offsets and updates in log order.
    `sketched`: the keys that each sketch must contain. `outgoing`: by partition of the feed,
    offsets and items in log order. `touched`: the last offset folded into each key's state.
    `duplicates`: messages whose event id is in their state. `replayed`: messages that their state
    had applied before.
    """

    sketches: SketchModel | None = None
    caused: dict[Document, list[Caused]] = field(default_factory=dict)
    updates: dict[tuple[str, ...], list[tuple[int, RowUpdate]]] = field(default_factory=dict)
    sketched: dict[Sketch, set[str]] = field(default_factory=dict)
    outgoing: dict[int, list[tuple[int, Any]]] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    replayed: int = 0

    def add(self, effects: Iterable[Caused], state: State) -> None:
        """Adds effects that messages of the state's key caused."""
        for caused in effects:
            self.caused.setdefault(caused.effect.document, []).append(caused)
            for sketch in self.sketches.sketches_for(caused.effect) if self.sketches else ():
                self.sketched.setdefault(sketch, set()).add(state["_id"])

    def add_distinct(self, distinct: Distinct) -> None:
        """Adds a key to its sketches."""
        assert self.sketches is not None
        for sketch in self.sketches.sketches_of(distinct.kind, distinct.document):
            self.sketched.setdefault(sketch, set()).add(distinct.key)

    def add_row_update(self, offset: int, update: RowUpdate) -> None:
        """Adds what the message at `offset` does to a row."""
        row_key = update.collection, *update.key
        self.updates.setdefault(row_key, []).append((offset, update))

    def rows(self) -> list[Row]:
        """The rows: values from the last message about each, list items from all of them."""
        return [_row(updates) for updates in self.updates.values()]

    def changes(self, above: Mapping[Document, int] | None = None) -> dict[Document, Change]:
        """One change for each document; with `above`, only for its documents, and only the effects
        above each document's watermark.

        Raises Refused if a watermark lies within the messages that caused one effect together.
        """
        changes = {}
        for document in self.caused if above is None else above.keys() & self.caused.keys():
            watermark = -1 if above is None else above[document]
            effects = [caused for caused in self.caused[document] if caused.last > watermark]
            if not effects:
                continue
            first, last = min(c.first for c in effects), max(c.last for c in effects)
            if first <= watermark:
                raise Refused
            change = changes[document] = Change(document, first, last)
            for caused in effects:
                change.add(caused.effect.amount, caused.effect.value)
        return changes


def fold(
    group: Group, batch: Batch, states: dict[str, State], rules: Rules, *, singly: bool = False
) -> Folded:
    """Applies every message above its state's watermark; changes `states` in place.

    With `singly`, each effect is caused by one message, never by several together.
    """
    assert group.react is not None
    folded = Folded(group.sketches)
    delta = MemoryDelta(group.memory, singly=singly) if group.memory else None
    partition = batch.partition
    for index, offset in enumerate(batch.offsets):
        key, event = batch.keys[index], batch.events[index]
        state = states[key]
        if offset <= partition.applied(state):
            folded.replayed += 1
            continue
        arrival = Arrival(partition.topic_id, partition.number, offset, batch.appended_ms[index])
        meta = state["_daybook"]
        meta["applied"].setdefault(partition.topic_id, {})[str(partition.number)] = offset
        meta["first"].setdefault(partition.topic_id, {}).setdefault(str(partition.number), offset)
        folded.touched[key] = offset
        if batch.ids[index] in state["event_ids"]:
            folded.duplicates += 1
            continue
        if delta:
            folded.add(delta.before(state, event, batch.day_hours[index], arrival), state)
        for result in group.react(event, batch.day_hours[index], arrival, state, rules):
            if isinstance(result, Effect):
                folded.add([Caused(offset, offset, result)], state)
            elif isinstance(result, Outgoing):
                folded.outgoing.setdefault(result.partition, []).append((offset, result.item))
            elif isinstance(result, Distinct):
                folded.add_distinct(result)
            else:
                folded.add_row_update(offset, result)
        if delta:
            folded.add(delta.after(state), state)
        state["event_ids"] = [*state["event_ids"], batch.ids[index]][-EVENT_IDS_KEPT:]
    if delta:
        for key in folded.touched:
            folded.add(delta.end(states[key]), states[key])
    return folded


def _row(updates: list[tuple[int, RowUpdate]]) -> Row:
    last, newest = updates[-1]
    tail = None
    if newest.tail:
        items = [(offset, update.tail[1]) for offset, update in updates if update.tail]
        tail = Tail(newest.tail[0], items)
    row_id = ":".join(map(encode_part, newest.key))
    values: dict[str, Any] = {}
    for _, update in reversed(updates):
        values = update.values() | values
        if update.is_whole:
            break
    return Row(newest.collection, row_id, values, last, tail)
