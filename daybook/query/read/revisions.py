"""Detects changed documents, by the newest write to the collections that a report reads."""

from asyncio import gather
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from daybook.query.read.groups import COLLECTIONS
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope

CACHED_SECONDS = 1.0
SETTLED_SECONDS = 2.0
"""A batch is written by several commands, but longer ago than this it is complete."""

_NEWEST = {"_id": False, "updated_at": True, "_daybook.revision": True}


class Revisions:
    """Revisions of a scope's documents that given groups write, read from an index alone."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._cached: dict[tuple[str, tuple[str, ...]], tuple[float, str]] = {}

    async def current(self, scope: Scope, groups: tuple[str, ...], at: float) -> str | None:
        """The revision; None while a batch may be half written. `at`: seconds since 1970.

        Raises Unavailable.
        """
        newest = await self._read(scope, groups)
        settled = all(_written_at(document) < at - SETTLED_SECONDS for document in newest)
        return _fingerprint(newest) if settled else None

    async def recent(self, scope: Scope, groups: tuple[str, ...]) -> str:
        """The revision, at most a second old. Raises Unavailable."""
        key = scope.name, groups
        until, revision = self._cached.get(key, (0.0, ""))
        if self._clock() < until:
            return revision
        revision = _fingerprint(await self._read(scope, groups))
        if len(self._cached) > 1_000:
            self._cached.clear()
        self._cached[key] = self._clock() + CACHED_SECONDS, revision
        return revision

    async def _read(self, scope: Scope, groups: Sequence[str]) -> list[Document]:
        newest = [
            scope.find(name, fields=_NEWEST, order=[("updated_at", -1)], limit=1)
            for group in groups
            for name in sorted(COLLECTIONS[group] & scope.collections)
        ]
        async with scope.reader.bounded():
            return [row for rows in await gather(*newest) for row in rows or [{}]]


def _written_at(newest: Document) -> float:
    at: datetime | None = newest.get("updated_at")
    return at.timestamp() if at else 0.0


def _fingerprint(newest: Sequence[Document]) -> str:
    return " ".join(
        f"{_written_at(document)}/{document.get('_daybook', {}).get('revision')}"
        for document in newest
    )
