"""Concurrent unordered bulk writes: while MongoDB executes one, the next is prepared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Any, TypeVar

import bson
from bson.errors import BSONError
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from daybook.engine.errors import Unwritable
from daybook.engine.metrics import STORE_WRITE_SECONDS, STORE_WRITES
from daybook.engine.mongo.client import TOO_LARGE, Documents, only_duplicates, reachable

_WRITERS = 2
_BULK_MAX = 250

Replace = ReplaceOne[dict[str, Any]]
Operation = InsertOne[dict[str, Any]] | UpdateOne | Replace
T = TypeVar("T")

_NOT_ENCODED = (BSONError, OverflowError, UnicodeError)
"""What the driver raises for an operation that BSON cannot hold, or that is larger than 16 MiB."""


class Bulks:
    """Runs bulk writes against one database, on a small thread pool."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._writers = ThreadPoolExecutor(_WRITERS, "writer")

    def run_concurrently(
        self,
        write: Callable[[str, Sequence[Any]], T],
        bulks: Iterable[tuple[str, Sequence[Operation]]],
    ) -> list[T]:
        """Calls `write` for each collection and its operations; returns the results in order.

        `bulks` is consumed one by one. Every call has ended on return, also when one raised; the
        first exception in order is raised.
        """
        futures: list[Future[T]] = []
        try:
            for collection, operations in bulks:
                futures.append(self._writers.submit(write, collection, operations))
        finally:
            wait(futures)
        return [future.result() for future in futures]

    def write(self, collection: str, operations: Sequence[Operation]) -> list[int]:
        """Writes; returns the indices of operations refused for a duplicate key.

        Raises Unavailable, Unwritable for a document that MongoDB refuses, and Damaged for one that
        cannot be added to.
        """
        if not operations:
            return []
        refused: list[int] = []
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            try:
                self._documents[collection].bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                refused = only_duplicates(error, collection)
            except _NOT_ENCODED as error:
                raise _unwritable(collection, operations) from error
        STORE_WRITES.labels("mongodb", "refused").inc(len(refused))
        STORE_WRITES.labels("mongodb", "done").inc(len(operations) - len(refused))
        return refused

    def match(self, collection: str, operations: Sequence[UpdateOne | Replace]) -> bool:
        """Writes; returns whether every operation matched a document.

        Raises Unavailable, and Unwritable for a document that MongoDB refuses.
        """
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            try:
                result = self._documents[collection].bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error, collection)
                raise
            except _NOT_ENCODED as error:
                raise _unwritable(collection, operations) from error
        return result.matched_count == len(operations)


def _unwritable(collection: str, operations: Sequence[Operation]) -> Unwritable:
    """Names the document that the driver could not send; it names only the kind of its error."""
    sizes: list[int] = []
    for operation in operations:
        try:
            sizes.append(len(bson.encode({"": operation._doc})))
        except _NOT_ENCODED as error:
            why = f"the driver cannot send one of its values ({type(error).__name__})"
            return Unwritable(collection, _id_of(operation), why)
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    return Unwritable(collection, _id_of(operations[largest]), TOO_LARGE)


def _id_of(operation: Operation) -> str:
    names: Any = operation._doc if isinstance(operation, InsertOne) else operation._filter
    return str(names["_id"])


def split_into_bulks(
    items: Iterable[T], collection: Callable[[T], str]
) -> Iterator[tuple[str, list[T]]]:
    """Groups items by collection, in chunks of at most `_BULK_MAX`."""
    for name, group in groupby(sorted(items, key=collection), collection):
        grouped = list(group)
        for start in range(0, len(grouped), _BULK_MAX):
            yield name, grouped[start : start + _BULK_MAX]
