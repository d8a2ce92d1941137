"""The fold of a group with state: each key's messages over its one state document, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.batch import Batch
from engine.change import Amount, Change, Document, Effect, Row
from engine.group import Arrival, Group, State
from engine.measured import Measured
from engine.rules import EVENT_IDS_KEPT, Rules
from engine.sketches import Sketch, SketchModel

Item = tuple[int, Amount, int]


@dataclass(slots=True)
class Folded:
    """`items`: a document's effects with the offset that caused each; `touched`: keys folded.

    `sketched`: the keys that each sketch must hold; `replayed`: messages that their state
    remembers.
    """

    sketches: SketchModel | None = None
    items: dict[Document, list[Item]] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    sketched: dict[Sketch, set[str]] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    replayed: int = 0

    def add(self, offset: int, effect: Effect, key: str) -> None:
        self.items.setdefault(effect.document, []).append((offset, effect.amount, effect.value))
        for sketch in self.sketches.holding(effect) if self.sketches else ():
            self.sketched.setdefault(sketch, set()).add(key)

    def replace(self, offset: int, row: Row) -> None:
        """A row's newest values; its tail grows by what each message added."""
        before = self.rows.get((row.collection, row.id))
        tail = row.tail
        if tail:
            known = before.tail.items if before and before.tail else []
            tail = tail._replace(items=[*known, *((offset, item) for _, item in tail.items)])
        self.rows[row.collection, row.id] = row._replace(last=offset, tail=tail)

    def changes(self, above: Mapping[Document, int] | None = None) -> dict[Document, Change]:
        """One change a document; with `above`, only those documents, past their watermarks."""
        changes = {}
        for document in self.items if above is None else above.keys() & self.items.keys():
            watermark = -1 if above is None else above[document]
            items = [item for item in self.items[document] if item[0] > watermark]
            if not items:
                continue
            change = changes[document] = Change(document, items[0][0], items[-1][0])
            for _, amount, value in items:
                change.add(amount, value)
        return changes


def fold(group: Group, batch: Batch, states: dict[str, State], rules: Rules) -> Folded:
    """Runs every message above its state's watermark; the states are changed in place."""
    assert group.react is not None
    folded = Folded(group.sketches)
    measured = Measured(group.memory) if group.memory else None
    partition = batch.partition
    for index, offset in enumerate(batch.offsets):
        key, event = batch.keys[index], batch.events[index]
        state = states[key]
        if offset <= partition.applied(state):
            folded.replayed += 1
            continue
        arrival = Arrival(partition.topic_id, offset, batch.appended_ms[index])
        mark = state["_daybook"]
        mark["applied"].setdefault(partition.topic_id, {})[str(partition.number)] = offset
        mark["first"].setdefault(partition.topic_id, {}).setdefault(str(partition.number), offset)
        folded.touched[key] = offset
        if batch.ids[index] in state["event_ids"]:
            folded.duplicates += 1
            continue
        if measured:
            measured.before(state, event, batch.slots[index], arrival)
        for result in group.react(event, batch.slots[index], arrival, state, rules):
            if isinstance(result, Effect):
                folded.add(offset, result, state["_id"])
            else:
                folded.replace(offset, result)
        for effect in measured.after(state) if measured else ():
            folded.add(offset, effect, state["_id"])
        state["event_ids"] = [*state["event_ids"], batch.ids[index]][-EVENT_IDS_KEPT:]
    return folded
