"""Whether documents have changed: what was written last of all that a report may be made of."""

from asyncio import gather
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from daybook.query.read.groups import COLLECTIONS
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope

KNOWN_SECONDS = 1.0
SETTLED_SECONDS = 2.0
"""A batch is written by several commands; what was written longer ago than this is whole."""

_NEWEST = {"_id": False, "updated_at": True, "_daybook.revision": True}


class Revisions:
    """Of a scope's documents that these groups keep: by an index, without reading a document."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, str]] = {}

    async def now(self, scope: Scope, groups: tuple[str, ...], at: float) -> str | None:
        """The revision; null while a batch may be half written. `at`: seconds since 1970.

        Raises Unavailable.
        """
        newest = await self._ask(scope, groups)
        settled = all(_written(one) < at - SETTLED_SECONDS for one in newest)
        return _fingerprint(newest) if settled else None

    async def known(self, scope: Scope, groups: tuple[str, ...]) -> str:
        """As it was a second ago at most. Raises Unavailable."""
        key = scope.name, groups
        until, found = self._known.get(key, (0.0, ""))
        if self._clock() < until:
            return found
        found = _fingerprint(await self._ask(scope, groups))
        if len(self._known) > 1_000:
            self._known.clear()
        self._known[key] = self._clock() + KNOWN_SECONDS, found
        return found

    async def _ask(self, scope: Scope, groups: Sequence[str]) -> list[Document]:
        newest = [
            scope.find(name, fields=_NEWEST, order=[("updated_at", -1)], limit=1)
            for group in groups
            for name in sorted(COLLECTIONS[group] & scope.collections)
        ]
        async with scope.reader.bounded():
            return [one for found in await gather(*newest) for one in found or [{}]]


def _written(newest: Document) -> float:
    at: datetime | None = newest.get("updated_at")
    return at.timestamp() if at else 0.0


def _fingerprint(newest: Sequence[Document]) -> str:
    marks = (one.get("_daybook", {}).get("revision") for one in newest)
    return " ".join(f"{_written(one)}/{mark}" for one, mark in zip(newest, marks, strict=True))
