"""A cache of API keys, which keeps entries for longer while MongoDB is unavailable."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from daybook.engine.errors import DaybookError, Unavailable
from daybook.service.api_keys import Key, Kind, kind_by_format

FRESH_SECONDS = 30.0
STALE_SECONDS = 24 * 3600.0
_ENTRIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key | None
    fetched_at: float


class KeyCache:
    """`find` reads a key from the database and may raise Unavailable; only `kinds` are accepted.

    `on_stale` is called whenever an expired entry is used because the database is unavailable.

    An entry is fetched again after 30 s, so a revoked key is refused at most that much later.
    While the database is unavailable, keys that were valid remain valid for a day; keys that are
    not cached cannot be checked.
    """

    def __init__(
        self,
        find: Callable[[str], Awaitable[Key | None]],
        kinds: tuple[Kind, ...],
        on_stale: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._find = find
        self._kinds = kinds
        self._on_stale = on_stale
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lookups: dict[str, asyncio.Task[Key | None]] = {}

    async def get(self, text: str) -> Key | None:
        """The key with this text; None if it does not exist or is revoked. Raises Unavailable."""
        if kind_by_format(text) not in self._kinds:
            return None
        entry = self._entries.get(text)
        if entry and self._clock() - entry.fetched_at < FRESH_SECONDS:
            return entry.key
        try:
            return await asyncio.shield(self._shared_lookup(text))
        except Unavailable:
            if entry is None or entry.key is None:
                raise
            if self._clock() - entry.fetched_at > STALE_SECONDS:
                raise
            self._on_stale()
            return entry.key

    def _shared_lookup(self, text: str) -> asyncio.Task[Key | None]:
        """Concurrent callers of the same key share one database query."""
        task = self._lookups.get(text)
        if task is None:
            task = asyncio.create_task(self._look_up(text))
            self._lookups[text] = task
            task.add_done_callback(lambda _: self._lookups.pop(text, None))
        return task

    async def _look_up(self, text: str) -> Key | None:
        try:
            key = await self._find(text)
        except Unavailable:
            raise
        except DaybookError as error:
            raise Unavailable(str(error)) from error
        self._entries[text] = _Entry(key, self._clock())
        self._entries.move_to_end(text)
        if len(self._entries) > _ENTRIES_MAX:
            self._entries.popitem(last=False)
        return key
