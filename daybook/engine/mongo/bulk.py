"""Concurrent unordered bulk writes: while MongoDB executes one, the next is prepared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Any, TypeVar

from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from daybook.engine.metrics import STORE_WRITE_SECONDS, STORE_WRITES
from daybook.engine.mongo.client import Documents, only_duplicates, reachable

_WRITERS = 2
_BULK_MAX = 250

Replace = ReplaceOne[dict[str, Any]]
Operation = InsertOne[dict[str, Any]] | UpdateOne | Replace
T = TypeVar("T")


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

        Raises Unavailable, and Damaged for a document that cannot be added to.
        """
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

    def match(self, collection: str, operations: Sequence[UpdateOne | Replace]) -> bool:
        """Writes; returns whether every operation matched a document. Raises Unavailable."""
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            result = self._documents[collection].bulk_write(operations, ordered=False)
        return result.matched_count == len(operations)


def split_into_bulks(
    items: Iterable[T], collection: Callable[[T], str]
) -> Iterator[tuple[str, list[T]]]:
    """Groups items by collection, in chunks of at most `_BULK_MAX`."""
    for name, group in groupby(sorted(items, key=collection), collection):
        grouped = list(group)
        for start in range(0, len(grouped), _BULK_MAX):
            yield name, grouped[start : start + _BULK_MAX]
