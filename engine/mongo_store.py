"""The store of the protocol on MongoDB: one guarded operation a document, in unordered bulks."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bson import Int64
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from engine.change import Change, Document, Row
from engine.failpoint import armed, reach
from engine.group import State, StateModel
from engine.metrics import STORE_WRITE_SECONDS, STORE_WRITES
from engine.mongo import Documents, only_duplicates, reachable
from engine.partition import Partition
from engine.row import row_pipeline
from engine.rules import Rules
from engine.store import Read
from engine.update import guard, pipeline

Operation = InsertOne[dict[str, Any]] | UpdateOne | ReplaceOne[dict[str, Any]]


class MongoStore:
    """`stamps`: a collection's model version that the group's documents are complete for."""

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

    def apply(self, changes: Collection[Change], partition: Partition) -> list[Document]:
        refused: list[Document] = []
        now_ms = int(self._clock() * 1000)
        for collection, several in _by_collection(changes):
            operations = [
                UpdateOne(
                    guard(change, partition),
                    pipeline(
                        change,
                        partition,
                        stamp=self._stamps[collection],
                        keys_max=self._rules.map_keys_max,
                        now_ms=now_ms,
                    ),
                    upsert=True,
                )
                for change in several
            ]
            if armed("between_documents") and len(operations) > 1:
                refused += [several[0].document for _ in self._bulk(collection, operations[:1])]
                reach("between_documents")
                several, operations = several[1:], operations[1:]
            refused += [several[i].document for i in self._bulk(collection, operations)]
        return refused

    def watermarks(
        self, documents: Collection[Document], partition: Partition
    ) -> dict[Document, int]:
        marks: dict[Document, int] = {}
        for document in documents:
            with reachable():
                found = self._documents[document.model.collection].find_one(
                    {"_id": document.id}, {partition.watermark: 1}
                )
            if found is not None:
                marks[document] = partition.applied(found)
        return marks

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        now_ms = Int64(self._clock() * 1000)
        by_collection: dict[str, list[Operation]] = {}
        for row in rows:
            update = UpdateOne(
                {"_id": row.id, partition.watermark: {"$not": {"$gte": row.last}}},
                row_pipeline(row, partition, now_ms),
                upsert=True,
            )
            by_collection.setdefault(row.collection, []).append(update)
        for collection, updates in by_collection.items():
            self._bulk(collection, updates)

    def load(self, model: StateModel, keys: Collection[str]) -> dict[str, State]:
        ids = {model.id_of(key): key for key in keys}
        with reachable():
            found = self._documents[model.collection].find({"_id": {"$in": list(ids)}})
            return {ids[state["_id"]]: state for state in found}

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
        self._bulk(model.collection, inserts)

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        updates = [
            UpdateOne(
                {"_id": state["_id"], "_daybook.revision": state["_daybook"]["revision"]},
                {"$set": dict(values), "$inc": {"_daybook.revision": 1}},
            )
            for state, values in fields.values()
        ]
        self._bulk(model.collection, updates)

    def fetch(self, collection: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        with reachable():
            found = self._documents[collection].find({"_id": {"$in": list(ids)}})
            return {document["_id"]: document for document in found}

    def swap(self, collection: str, documents: Sequence[dict[str, Any]]) -> list[str]:
        now = self._clock()
        operations: list[Operation] = []
        for document in documents:
            new = document | {"updated_at": datetime.fromtimestamp(now, UTC)}
            read = document.get("_daybook")
            if read is None:
                mark = {"revision": Int64(now * 1000), "model": self._stamps[collection]}
                operations.append(InsertOne(new | {"_daybook": mark}))
            else:
                new["_daybook"] = read | {"revision": Int64(read["revision"] + 1)}
                as_read = {"_id": document["_id"], "_daybook.revision": read["revision"]}
                # Of another revision, the upsert fails on the `_id`, which says which it was.
                operations.append(ReplaceOne(as_read, new, upsert=True))
        return [documents[index]["_id"] for index in self._bulk(collection, operations)]

    def replace(self, model: StateModel, states: Sequence[tuple[Read, State]]) -> bool:
        if not states:
            return True
        now = datetime.fromtimestamp(self._clock(), UTC)
        replacements = []
        for read, state in states:
            state["_daybook"]["revision"] = Int64(read.revision + 1)
            state["updated_at"] = now
            as_read = {
                "_id": read.id,
                "_daybook.revision": read.revision,
                "_daybook.applied": read.applied,
            }
            replacements.append(ReplaceOne(as_read, dict(state)))
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            result = self._documents[model.collection].bulk_write(replacements, ordered=False)
        return result.matched_count == len(replacements)

    def _bulk(self, collection: str, operations: Sequence[Operation]) -> list[int]:
        """Writes; returns the indices of what was refused by a duplicate key."""
        if not operations:
            return []
        refused: list[int] = []
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            try:
                self._documents[collection].bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                refused = only_duplicates(error)
        STORE_WRITES.labels("mongodb", "refused").inc(len(refused))
        STORE_WRITES.labels("mongodb", "done").inc(len(operations) - len(refused))
        return refused


def _by_collection(changes: Collection[Change]) -> Iterator[tuple[str, list[Change]]]:
    def name(change: Change) -> str:
        return change.document.model.collection

    for collection, several in groupby(sorted(changes, key=name), name):
        yield collection, list(several)
