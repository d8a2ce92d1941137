"""Unordered bulks that go out beside each other: while MongoDB works at one, the next is made."""

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
    """Of one database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._writers = ThreadPoolExecutor(_WRITERS, "writer")

    def run_concurrently(
        self,
        write: Callable[[str, Sequence[Any]], T],
        bulks: Iterable[tuple[str, Sequence[Operation]]],
    ) -> list[T]:
        """What `write` says of each collection's operations, in their order; `bulks` are made one
        by one. None is under way any more afterwards. Raises what one of them raised."""
        under_way: list[Future[T]] = []
        try:
            for collection, operations in bulks:
                under_way.append(self._writers.submit(write, collection, operations))
        finally:
            wait(under_way)
        return [one.result() for one in under_way]

    def write(self, collection: str, operations: Sequence[Operation]) -> list[int]:
        """The indices of what was refused by a duplicate key. Raises Unavailable."""
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
        """Whether each found the document that it was for. Raises Unavailable."""
        with reachable(), STORE_WRITE_SECONDS.labels("mongodb").time():
            result = self._documents[collection].bulk_write(operations, ordered=False)
        return result.matched_count == len(operations)


def parted(items: Iterable[T], collection: Callable[[T], str]) -> Iterator[tuple[str, list[T]]]:
    """By collection, in parts that are each one bulk."""
    for name, group in groupby(sorted(items, key=collection), collection):
        several = list(group)
        for start in range(0, len(several), _BULK_MAX):
            yield name, several[start : start + _BULK_MAX]
