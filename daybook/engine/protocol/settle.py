"""The exactly-once protocol: makes a batch durable in an order that survives crashes.

The order is dead letters, effects, states, then the caller's checkpoint and offset commit. It may
be repeated from the start at any time, by this member or by one with other batch boundaries. A
batch is folded before anything of it is written, so a message at which the code raises can still
become a dead letter.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Protocol, cast

from daybook.engine.batch import Batch
from daybook.engine.decode.duplicate_window import DuplicateWindow, own_id
from daybook.engine.documents.change import Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.rows import Row
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import NAMED, Damaged, Refused, Unwritable
from daybook.engine.failpoints import reach
from daybook.engine.fold.counters import CountingFold
from daybook.engine.fold.keyed import Folded, fold
from daybook.engine.group import Group, Prepare
from daybook.engine.partition import Partition
from daybook.engine.protocol.dead_letters import FAULTS_AN_HOUR_MAX, DeadLetters
from daybook.engine.protocol.home_partition import settle_homes
from daybook.engine.protocol.quarantine import PinsLater, StoreFailed, find_faults
from daybook.engine.protocol.sketch_merge import merge_sketches
from daybook.engine.protocol.unwritable import name_messages
from daybook.engine.store import Read, Store

_PAUSE_SECONDS = 0.01

Send = Callable[[Mapping[int, Iterable[bytes]]], None]
"""Sends messages to the partitions of the group's feed, durably. Raises Unavailable."""

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


class _Work(NamedTuple):
    """A folded batch: the states' versions before it, and everything it is to write."""

    reads: dict[str, Read]
    folded: Folded
    changes: dict[Document, Change]
    rows: list[Row]


class BatchHandler(Protocol):
    """Makes the batches of one partition durable, one at a time, in log order."""

    def settle(self, batch: Batch) -> Settled:
        """Makes the whole batch durable.

        Raises Unavailable: then call again with the same batch.
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
        send: Send | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._group = group
        self._rules = rules
        self._store = store
        self._dead_letters = dead_letters
        self._window = window
        self._prepare = prepare
        self._send = send
        self._pause = pause
        self._counting = CountingFold(group.documents, rules)

    def settle(self, batch: Batch) -> Settled:
        """Makes the whole batch durable.

        Raises Unavailable: then call again with the same batch. Raises Damaged for a document or
        state of a form that no member writes, Unwritable for one that MongoDB refuses, and
        TooManyFaults.
        """
        settled = Settled()
        try:
            if self._group.state:
                self._settle_with_state(batch, self._group.state, settled)
            else:
                self._settle_counters(batch, settled)
        except StoreFailed as failure:
            raise failure.error from failure
        except DAMAGE_ERRORS:
            if self._group.state:
                raise_if_damaged(batch, self._group.state, self._store)
            raise
        return settled

    def _settle_counters(self, batch: Batch, settled: Settled) -> None:
        self._dead_letters.write(batch)
        if not batch.events:
            return
        reach("before_write")
        changes = self._counting.fold(batch)
        try:
            self._apply(batch, changes, lambda above: self._counting.fold(batch, above), settled)
        except Unwritable as error:
            raise error.caused_by(str(batch.partition), batch.offsets, []) from error

    def _settle_with_state(self, batch: Batch, model: StateModel, settled: Settled) -> None:
        states = self._states(batch)
        self._dead_letters.write(batch)
        if not batch.events:
            return
        reach("before_write")
        singly, is_written = False, False
        while not is_written:
            window_ids = list(map(own_id, batch.events))
            repeated = self._window.find_repeated(window_ids, batch.offsets)
            kept = [index for index in range(len(batch.ids)) if index not in repeated]
            counted = batch.subset(kept) if repeated else batch
            pins = PinsLater(self._store)
            try:
                work = self._fold(counted, states, pins, singly=singly)
            except (*NAMED, StoreFailed):
                raise
            except Exception as error:
                states = self._store.load(model, set(batch.keys))
                self._bury_faults(batch, counted, states, error, singly=singly)
                self._dead_letters.write(batch)
                continue
            try:
                is_written = self._write(work, counted, states, pins, settled)
            except Refused:
                settled.refused += 1
                # A document may hold a part of what several messages caused together.
                singly = True
            except Unwritable as error:
                raise name_messages(error, work.folded, counted, model) from error
            if not is_written:
                states = self._store.load(model, set(batch.keys))
                is_written = self._is_applied(work.folded, batch.partition, states)
        # Not before: the window must not hold the id of a message that became a dead letter.
        if window_ids:
            self._window.seen_in_run(window_ids, batch.offsets)
        batch.count_outcome("duplicate", len(repeated))
        batch.select(kept)

    def _states(self, batch: Batch) -> dict[str, State]:
        while True:
            try:
                return settle_homes(batch, self._group, self._store)
            except Refused:
                self._pause(_PAUSE_SECONDS)

    def _fold(
        self, batch: Batch, states: dict[str, State], pins: PinsLater, *, singly: bool
    ) -> _Work:
        """Everything that depends on what the messages say; it changes `states` in memory only."""
        if self._prepare:
            self._prepare(batch, states, cast(Store, pins))
        reads = {key: Read(states[key]) for key in set(batch.keys)}
        folded = fold(self._group, batch, states, self._rules, singly=singly)
        return _Work(reads, folded, folded.changes(), folded.rows())

    def _bury_faults(
        self,
        batch: Batch,
        counted: Batch,
        states: dict[str, State],
        error: Exception,
        *,
        singly: bool,
    ) -> None:
        """Makes dead letters of the messages at which the fold raises, as far as the limit allows.

        Raises Damaged if a state is damaged, and `error` if no message is to blame.
        """
        assert self._group.state is not None
        raise_if_damaged(batch, self._group.state, self._store)
        faults = find_faults(
            counted,
            states,
            lambda some, copies: self._fold(some, copies, PinsLater(self._store), singly=singly),
        )
        index_of = {offset: index for index, offset in enumerate(batch.offsets)}
        found = [
            (index_of[counted.offsets[index]], fault)
            for index, fault in islice(faults, FAULTS_AN_HOUR_MAX + 1)
        ]
        if not found:
            raise error
        batch.bury(found)

    def _write(
        self,
        work: _Work,
        batch: Batch,
        states: dict[str, State],
        pins: PinsLater,
        settled: Settled,
    ) -> bool:
        """Writes pins, effects, rows and sketches, sends items, then writes states; false if one
        has changed since it was read. Raises Refused if a document or a pin must be computed anew.
        """
        assert self._group.state is not None
        folded = work.folded
        for key, revision in pins.write().items():
            work.reads[key].revision = revision
        self._apply(batch, work.changes, folded.changes, settled)
        self._store.put(work.rows, batch.partition)
        if folded.sketches:
            merge_sketches(
                self._store, folded.sketches, batch.partition, folded.sketched, self._pause
            )
        self._send_items(folded.outgoing, batch.partition)
        reach("before_state")
        changed = [(work.reads[key], states[key]) for key in folded.touched]
        settled.duplicates, settled.replayed = folded.duplicates, folded.replayed
        if self._store.replace(self._group.state, changed):
            return True
        settled.refused += 1
        return False

    def _send_items(self, items: Mapping[int, list[tuple[int, Any]]], source: Partition) -> None:
        """Sends what the batch's messages send, in their order: before the states, so that a batch
        whose states are not written sends it again."""
        if items:
            assert self._group.feed is not None and self._send is not None
            pack = self._group.feed.pack
            self._send({number: pack(source, own) for number, own in items.items()})

    def _is_applied(self, folded: Folded, here: Partition, states: dict[str, State]) -> bool:
        """Whether another member has written what this one could not; pauses if not."""
        if all(here.applied(states[key]) >= last for key, last in folded.touched.items()):
            return True
        self._pause(_PAUSE_SECONDS)
        return False

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
