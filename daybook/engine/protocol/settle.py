"""The exactly-once protocol: makes a batch durable in an order that survives crashes.

The order is dead letters, effects, states, then the caller's checkpoint and offset commit. It may
be repeated from the start at any time, by this member or by one with other batch boundaries.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from daybook.engine.batch import Batch
from daybook.engine.decode.duplicate_window import DuplicateWindow, own_id
from daybook.engine.documents.change import Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import Damaged, Refused
from daybook.engine.failpoints import reach
from daybook.engine.fold.counters import CountingFold
from daybook.engine.fold.keyed import fold
from daybook.engine.group import Group, Prepare
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.home_partition import settle_homes
from daybook.engine.protocol.sketch_merge import merge_sketches
from daybook.engine.store import Read, Store

_PAUSE_SECONDS = 0.01

Trim = Callable[[Mapping[Document, int]], dict[Document, Change]]
"""From the watermarks of documents to the parts of their changes above these watermarks."""


@dataclass(slots=True)
class Settled:
    """The outcome of a batch: the documents written, and numbers of changes that a document
    refused, of duplicates found in states, and of messages that a state had applied before."""

    documents: set[Document] = field(default_factory=set)
    refused: int = 0
    duplicates: int = 0
    replayed: int = 0


class BatchHandler(Protocol):
    """Makes the batches of one partition durable, one at a time, in log order."""

    def settle(self, batch: Batch) -> Settled:
        """Makes the whole batch durable.

        Raises Unavailable or InProgress: then call again with the same batch.
        """


class Settler:
    """The batch handler of a group that counts."""

    def __init__(
        self,
        group: Group,
        rules: Rules,
        store: Store,
        dead_letters: DeadLetters,
        window: DuplicateWindow,
        prepare: Prepare | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._group = group
        self._rules = rules
        self._store = store
        self._dead_letters = dead_letters
        self._window = window
        self._prepare = prepare
        self._pause = pause
        self._counting = CountingFold(group.documents, rules)

    def settle(self, batch: Batch) -> Settled:
        """Makes the whole batch durable.

        Raises Unavailable: then call again with the same batch. Raises Damaged for a document or
        state of a form that no member writes.
        """
        try:
            return self._settle(batch)
        except DAMAGE_ERRORS:
            if self._group.state:
                raise_if_damaged(batch, self._group.state, self._store)
            raise

    def _settle(self, batch: Batch) -> Settled:
        settled = Settled()
        states = self._states(batch) if self._group.state else {}
        if not batch.deduplicated:
            self._deduplicate(batch)
        self._dead_letters.write(batch)
        if not batch.events:
            return settled
        reach("before_write")
        if self._group.state:
            self._settle_with_state(batch, states, settled)
        else:
            changes = self._counting.fold(batch)
            self._apply(batch, changes, lambda above: self._counting.fold(batch, above), settled)
        return settled

    def _deduplicate(self, batch: Batch) -> None:
        """Runs once per batch: a second time, the window would hold all of its ids."""
        if self._group.state:
            kept = []
            for index, event in enumerate(batch.events):
                if self._window.check_and_add(own_id(event), batch.offsets[index]):
                    batch.count_outcome("duplicate")
                else:
                    kept.append(index)
            batch.select(kept)
        batch.deduplicated = True

    def _states(self, batch: Batch) -> dict[str, State]:
        while True:
            try:
                return settle_homes(batch, self._group, self._store)
            except Refused:
                self._pause(_PAUSE_SECONDS)

    def _settle_with_state(self, batch: Batch, states: dict[str, State], settled: Settled) -> None:
        model = self._group.state
        assert model is not None
        singly = False
        while True:
            try:
                if self._prepare:
                    self._prepare(batch, states, self._store)
                reads = {key: Read(states[key]) for key in set(batch.keys)}
                folded = fold(self._group, batch, states, self._rules, singly=singly)
                self._apply(batch, folded.changes(), folded.changes, settled)
            except Refused:
                settled.refused += 1
                states = self._store.load(model, set(batch.keys))
                # A document may hold a part of what several messages caused together.
                singly = True
                continue
            self._store.put(folded.rows(), batch.partition)
            if folded.sketches:
                merge_sketches(
                    self._store, folded.sketches, batch.partition, folded.sketched, self._pause
                )
            reach("before_state")
            changed = [(reads[key], states[key]) for key in folded.touched]
            settled.duplicates, settled.replayed = folded.duplicates, folded.replayed
            if self._store.replace(model, changed):
                return
            settled.refused += 1
            states = self._store.load(model, set(batch.keys))
            if all(batch.partition.applied(states[k]) >= o for k, o in folded.touched.items()):
                return
            self._pause(_PAUSE_SECONDS)

    def _apply(
        self,
        batch: Batch,
        changes: Mapping[Document, Change],
        trim: Trim,
        settled: Settled,
    ) -> None:
        """Applies every change; from a refused one, removes what its document already holds."""
        pending = dict(changes)
        settled.documents.update(pending)
        while pending:
            refused = self._store.apply(pending.values(), batch.partition)
            if not refused:
                return
            settled.refused += len(refused)
            watermarks = self._store.watermarks(refused, batch.partition)
            again = {d: pending[d] for d in refused if watermarks.get(d, -1) < pending[d].first}
            overlapping = {
                d: watermarks[d]
                for d in refused
                if d not in again and watermarks[d] < pending[d].last
            }
            if again:
                # Another partition's member created the document at the same moment, or the
                # write that refused ours is not durable yet.
                self._pause(_PAUSE_SECONDS)
            pending = again | trim(overlapping)


DAMAGE_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""Exceptions that a damaged state may cause, such as reading a list where a string is stored."""


def raise_if_damaged(batch: Batch, model: StateModel, store: Store) -> None:
    """Raises Damaged if the stored state of any of the batch's keys is damaged; and Unavailable."""
    for key, state in store.load(model, set(batch.keys)).items():
        for name in ("home", "event_ids", *model.new(key)):
            if problem := _find_damage(state, name, model, key):
                raise Damaged(model.id_of(key), f"{model.collection}.{name} {problem}")


def _find_damage(state: State, name: str, model: StateModel, key: str) -> str | None:
    """What is wrong with a field: it is missing, or no longer a string, list or map."""
    initial = {"home": {}, "event_ids": []} | model.new(key)
    if name not in state:
        return None if name in model.since else "is missing"
    kind = type(initial[name])
    if kind in (str, list, dict) and not isinstance(state[name], kind):
        return f"is not a {'string' if kind is str else 'list' if kind is list else 'map'}"
    return None
