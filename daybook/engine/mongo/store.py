"""The protocol's store on MongoDB: one guarded operation per document, in unordered bulks."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bson import Int64
from pymongo import InsertOne, ReplaceOne, UpdateOne

from daybook.engine.documents.change import Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.rows import Row
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import Refused
from daybook.engine.failpoints import armed, reach
from daybook.engine.mongo.bulk import Bulks, Operation, split_into_bulks
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.mongo.large_change import is_large, reduced
from daybook.engine.mongo.map_update import inside
from daybook.engine.mongo.update import guard, pipeline, row_pipeline
from daybook.engine.partition import Partition
from daybook.engine.store import Read

_IDS_AT_ONCE = 4_000
"""An `_id` has at most 1.6 kB: three ids of 128 characters, each of 4 bytes, and a day. So a query
has at most 7 MB, of the 16 that MongoDB takes."""


class MongoStore:
    """Implements `Store`; see there for what the methods do.

    `stamps` maps each collection to the model version for which new documents are complete;
    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        documents: Documents,
        rules: Rules,
        stamps: Mapping[str, int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = documents
        self._rules = rules
        self._stamps = stamps
        self._clock = clock
        self._bulks = Bulks(documents)

    def apply(self, changes: Collection[Change], partition: Partition) -> list[Document]:
        all_changes = list(changes)
        if armed("between_documents") and len(all_changes) > 1:
            refused = self._apply(all_changes[:1], partition)
            reach("between_documents")
            return refused + self._apply(all_changes[1:], partition)
        return self._apply(all_changes, partition)

    def watermarks(
        self, documents: Collection[Document], partition: Partition
    ) -> dict[Document, int]:
        watermarks: dict[Document, int] = {}
        for document in documents:
            with reachable():
                stored = self._documents[document.model.collection].find_one(
                    {"_id": document.id}, {partition.watermark: 1}
                )
            if stored is not None:
                watermarks[document] = partition.applied(stored)
        return watermarks

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        now_ms = Int64(self._clock() * 1000)
        operations = (
            (collection, [_row_update(row, partition, now_ms) for row in chunk])
            for collection, chunk in split_into_bulks(rows, lambda row: row.collection)
        )
        self._bulks.run_concurrently(self._bulks.write, operations)

    def load(self, model: StateModel, keys: Collection[str]) -> dict[str, State]:
        ids = {model.id_of(key): key for key in keys}
        return {ids[name]: state for name, state in self.fetch(model.collection, ids).items()}

    def create(self, model: StateModel, homes: Mapping[str, Mapping[str, Any]]) -> None:
        now = self._clock()
        inserts = [
            InsertOne(
                {
                    "_id": model.id_of(key),
                    **model.new(key),
                    "home": dict(home),
                    "event_ids": [],
                    "_daybook": {
                        "applied": {},
                        "first": {},
                        "revision": Int64(now * 1000),
                        "model": self._stamps[model.collection],
                    },
                    "updated_at": datetime.fromtimestamp(now, UTC),
                }
            )
            for key, home in homes.items()
        ]
        self._bulks.write(model.collection, inserts)

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        operations = (
            (collection, [_amendment(state, values) for state, values in chunk])
            for collection, chunk in split_into_bulks(fields.values(), lambda _: model.collection)
        )
        if not all(self._bulks.run_concurrently(self._bulks.match, operations)):
            raise Refused
        for state, values in fields.values():
            state.update(values)
            state["_daybook"]["revision"] += 1

    def fetch(self, collection: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        fetched: dict[str, dict[str, Any]] = {}
        remaining = iter(ids)
        while chunk := list(islice(remaining, _IDS_AT_ONCE)):
            with reachable():
                stored = self._documents[collection].find({"_id": {"$in": chunk}})
                fetched |= {document["_id"]: document for document in stored}
        return fetched

    def swap(self, collection: str, documents: Sequence[dict[str, Any]]) -> list[str]:
        now = self._clock()
        operations: list[Operation] = []
        for document in documents:
            new = document | {"updated_at": datetime.fromtimestamp(now, UTC)}
            read = document.get("_daybook")
            if read is None:
                meta = {"revision": Int64(now * 1000), "model": self._stamps[collection]}
                operations.append(InsertOne(new | {"_daybook": meta}))
            else:
                new["_daybook"] = read | {"revision": Int64(read["revision"] + 1)}
                as_read = {"_id": document["_id"], "_daybook.revision": read["revision"]}
                # If the revision differs, the upsert fails with a duplicate `_id`.
                operations.append(ReplaceOne(as_read, new, upsert=True))
        return [documents[index]["_id"] for index in self._bulks.write(collection, operations)]

    def replace(self, model: StateModel, states: Sequence[tuple[Read, State]]) -> bool:
        now = datetime.fromtimestamp(self._clock(), UTC)
        operations = (
            (collection, [_replacement(read, state, now) for read, state in chunk])
            for collection, chunk in split_into_bulks(states, lambda _: model.collection)
        )
        return all(self._bulks.run_concurrently(self._bulks.match, operations))

    def _apply(self, changes: Sequence[Change], partition: Partition) -> list[Document]:
        now_ms = int(self._clock() * 1000)

        def update(change: Change) -> UpdateOne:
            return UpdateOne(guard(change, partition), new(change), upsert=True)

        def new(
            change: Change, growth: int | None = None, fills: bool = False
        ) -> list[dict[str, Any]]:
            return pipeline(
                change,
                partition,
                stamp=self._stamps[_collection(change)],
                keys_max=self._rules.map_keys_max,
                now_ms=now_ms,
                growth=growth,
                fills=fills,
            )

        large = [change for change in changes if is_large(change)]
        small = [change for change in changes if not is_large(change)] if large else changes
        bulks = list(split_into_bulks(small, _collection))
        operations = ((collection, list(map(update, chunk))) for collection, chunk in bulks)
        refused = self._bulks.run_concurrently(self._bulks.write, operations)
        refused_large = [c.document for c in large if not self._apply_large(c, partition, new)]
        return refused_large + [
            chunk[index].document
            for (_, chunk), indices in zip(bulks, refused, strict=True)
            for index in indices
        ]

    def _apply_large(
        self,
        change: Change,
        partition: Partition,
        new: Callable[[Change, int, bool], list[dict[str, Any]]],
    ) -> bool:
        """Applies a change that depends on the document as it is; whether it was not refused."""
        name, document_id = _collection(change), change.document.id
        while True:
            with reachable():
                stored = self._documents[name].find_one({"_id": document_id}) or {}
            if stored and partition.applied(stored) >= change.first:
                return False
            smaller = reduced(change, stored, self._rules.map_keys_max)
            revision = inside(stored, "_daybook").get("revision", {"$exists": False})
            as_read = guard(change, partition) | {"_daybook.revision": revision}
            update = UpdateOne(as_read, new(*smaller), upsert=True)
            if not self._bulks.write(name, [update]):
                return True


def _collection(change: Change) -> str:
    return change.document.model.collection


def _row_update(row: Row, partition: Partition, now_ms: Int64) -> UpdateOne:
    below = {"_id": row.id, partition.watermark: {"$not": {"$gte": row.last}}}
    return UpdateOne(below, row_pipeline(row, partition, now_ms), upsert=True)


def _amendment(state: State, values: Mapping[str, Any]) -> UpdateOne:
    as_read = {"_id": state["_id"], "_daybook.revision": state["_daybook"]["revision"]}
    return UpdateOne(as_read, {"$set": dict(values), "$inc": {"_daybook.revision": 1}})


def _replacement(read: Read, state: State, now: datetime) -> ReplaceOne[dict[str, Any]]:
    state["_daybook"]["revision"] = Int64(read.revision + 1)
    state["updated_at"] = now
    as_read = {
        "_id": read.id,
        "_daybook.revision": read.revision,
        "_daybook.applied": read.applied,
    }
    return ReplaceOne(as_read, dict(state))
