"""The keys that callers show, remembered for a while, and for longer while MongoDB is away."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from daybook.engine.errors import DaybookError, Unavailable
from daybook.service.api_keys import Key, Kind, looks_like

FRESH_SECONDS = 30.0
STALE_SECONDS = 24 * 3600.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key | None
    asked_at: float


class KeyCache:
    """`find` asks the database, and may raise Unavailable; `kinds` are those that are let in.

    `stale` is told of each call that a remembered key let in while the database was away.

    A key is asked for again after 30 s, so that much later a revoked one is refused. While the
    database is away, keys that were good before stay good for a day; others cannot be judged.
    """

    def __init__(
        self,
        find: Callable[[str], Awaitable[Key | None]],
        kinds: tuple[Kind, ...],
        stale: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._find = find
        self._kinds = kinds
        self._stale = stale
        self._clock = clock
        self._known: OrderedDict[str, _Entry] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Key | None]] = {}

    async def get(self, text: str) -> Key | None:
        """The key, None if there is no such one (any more). Raises Unavailable."""
        if looks_like(text) not in self._kinds:
            return None
        entry = self._known.get(text)
        if entry and self._clock() - entry.asked_at < FRESH_SECONDS:
            return entry.key
        try:
            return await asyncio.shield(self._ask(text))
        except Unavailable:
            if entry is None or entry.key is None:
                raise
            if self._clock() - entry.asked_at > STALE_SECONDS:
                raise
            self._stale()
            return entry.key

    def _ask(self, text: str) -> asyncio.Task[Key | None]:
        """One question at a time for a key, whoever else waits for its answer."""
        task = self._asking.get(text)
        if task is None:
            task = asyncio.create_task(self._look_up(text))
            self._asking[text] = task
            task.add_done_callback(lambda _: self._asking.pop(text, None))
        return task

    async def _look_up(self, text: str) -> Key | None:
        try:
            key = await self._find(text)
        except Unavailable:
            raise
        except DaybookError as error:
            raise Unavailable(str(error)) from error
        self._known[text] = _Entry(key, self._clock())
        self._known.move_to_end(text)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return key
