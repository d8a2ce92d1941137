"""A cache of API keys, which keeps entries for longer while MongoDB is unavailable."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from daybook.engine.errors import DaybookError, Unavailable
from daybook.service.api_keys import Key, Kind, kind_by_format
from daybook.service.unknown_keys import UnknownKeys

FRESH_SECONDS = 30.0
STALE_SECONDS = 24 * 3600.0
WAIT_SECONDS = 0.5
"""How long a call waits for a look-up of a key that is remembered; a healthy one takes 2 ms."""

RETRY_SECONDS = 2.0
"""How often the database is tried while it does not answer, by one look-up that no call awaits."""

_ENTRIES_MAX = 10_000
_LOOKUPS_MAX = 64

V = TypeVar("V")


class TooManyUnknown(Exception):
    """The address has presented too many keys that do not exist."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__("too many unknown keys")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key
    fetched_at: float


class KeyCache:
    """`find` reads a key from the database and may raise Unavailable; only `kinds` are accepted.

    `on_stale` is called whenever an expired entry is used because the database is unavailable.

    An entry is fetched again after 30 s, so a revoked key is refused at most that much later.
    While the database is unavailable, keys that were valid remain valid for a day, and no call
    waits for it; keys that are not cached cannot be checked. Keys that do not exist are remembered
    apart, so that they displace no good key, and each address may present only some of them.
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
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._limit = UnknownKeys(clock)
        self._lookups: dict[str, asyncio.Task[Key | None]] = {}
        self._is_away = False
        self._retry_at = 0.0

    async def get(self, text: str, address: str = "") -> Key | None:
        """The key with this text; None if it does not exist or is revoked.

        `address` names the caller in the limit of unknown keys; none is no limit. Raises
        Unavailable and TooManyUnknown.
        """
        if kind_by_format(text) not in self._kinds:
            return None
        now = self._clock()
        entry = self._entries.get(text)
        if entry and now - entry.fetched_at < FRESH_SECONDS:
            return entry.key
        if now - self._unknown.get(text, -FRESH_SECONDS) < FRESH_SECONDS:
            return None
        if self._is_away:
            self._probe(text)
            return self._remembered(entry)
        if entry is None:
            return await self._find_for(text, address)
        try:
            lookup = self._shared_lookup(text)
            await asyncio.wait({lookup}, timeout=WAIT_SECONDS)
            if lookup.done():
                return lookup.result()
            self._set_away()
        except Unavailable:
            pass
        return self._remembered(entry)

    async def _find_for(self, text: str, address: str) -> Key | None:
        """Looks up a key that is not remembered, unless the address has asked for too many."""
        if wait_seconds := self._limit.wait_seconds(address):
            raise TooManyUnknown(wait_seconds)
        key = await asyncio.shield(self._shared_lookup(text))
        if key is None and address:
            self._limit.take(address)
        return key

    def _remembered(self, entry: _Entry | None) -> Key:
        """The key of an expired entry, while the database is unavailable. Raises Unavailable."""
        if entry is None or self._clock() - entry.fetched_at > STALE_SECONDS:
            raise Unavailable("keys cannot be checked at the moment")
        self._on_stale()
        return entry.key

    def _probe(self, text: str) -> None:
        """Tries the database again, at most one look-up at a time."""
        if not self._lookups and self._clock() >= self._retry_at:
            self._shared_lookup(text)

    def _set_away(self) -> None:
        self._is_away = True
        self._retry_at = self._clock() + RETRY_SECONDS

    def _shared_lookup(self, text: str) -> asyncio.Task[Key | None]:
        """Concurrent callers of the same key share one database query. Raises Unavailable."""
        task = self._lookups.get(text)
        if task is None:
            if len(self._lookups) >= _LOOKUPS_MAX:
                raise Unavailable("too many keys are being looked up")
            task = asyncio.create_task(self._look_up(text))
            self._lookups[text] = task
            task.add_done_callback(lambda done: self._finish(text, done))
        return task

    def _finish(self, text: str, task: asyncio.Task[Key | None]) -> None:
        self._lookups.pop(text, None)
        if not task.cancelled():
            task.exception()  # marks it as seen, because no call may have awaited it

    async def _look_up(self, text: str) -> Key | None:
        try:
            key = await self._find(text)
        except DaybookError as error:
            self._set_away()
            raise Unavailable(str(error)) from error
        self._is_away = False
        if key is None:
            self._entries.pop(text, None)
            _remember(self._unknown, text, self._clock())
        else:
            self._unknown.pop(text, None)
            _remember(self._entries, text, _Entry(key, self._clock()))
        return key


def _remember(entries: OrderedDict[str, V], text: str, value: V) -> None:
    """Forgets the one that was fetched longest ago, if there are too many."""
    entries[text] = value
    entries.move_to_end(text)
    if len(entries) > _ENTRIES_MAX:
        entries.popitem(last=False)
