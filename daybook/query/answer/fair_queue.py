"""Shares the computing of reports fairly between organizations."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from daybook.query import metrics
from daybook.query.problem import RETRY_SECONDS, Problem

REPORTS_MAX = 8
"""Reports computed at the same time; more would only make each of them slower."""

REPORTS_PER_OWNER = 2
"""Of one owner. A quarter of the whole, so the others find room however much one asks for."""

WAITING_PER_OWNER = 64
"""More would wait longer than a request may take (about 6 s), at 5 reports a second."""

REPORTS_PER_CALLER = 32
"""Computed and waiting: half of the queue, so that one key or token does not fill it."""


class Busy(Problem):
    """A 429: this organization or caller asks for more than its share at the moment."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "too many reports are being computed for this organization or caller",
            {"Retry-After": str(RETRY_SECONDS)},
        )


class FairQueue:
    """Gives turns to owners one after the other, and to each owner's requests in order.

    An owner is an organization, or an admin. It belongs to one event loop.
    """

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._of_callers: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, owner: str, caller: str) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the context. Raises Busy."""
        queue = self._waiting.get(owner, ())
        if len(queue) >= WAITING_PER_OWNER or self._of_callers[caller] >= REPORTS_PER_CALLER:
            metrics.BUSY.inc()
            raise Busy
        self._of_callers[caller] += 1
        try:
            await self._begin(owner)
            try:
                yield
            finally:
                self._end(owner)
        finally:
            self._of_callers[caller] -= 1
            self._of_callers += Counter()  # drops callers with none

    async def _begin(self, owner: str) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(granted)
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._end(owner)
            else:
                self._leave(owner, granted)
            raise

    def _end(self, owner: str) -> None:
        self._running[owner] -= 1
        if not self._running[owner]:
            del self._running[owner]
        self._grant()

    def _grant(self) -> None:
        """Gives turns that are free, each to the owner who has fewest, and of these to the one who
        has waited longest for another."""
        while self._waiting and self._running.total() < REPORTS_MAX:
            owner = min(self._waiting, key=self._running.__getitem__)
            if self._running[owner] >= REPORTS_PER_OWNER:
                return
            granted = self._waiting[owner].popleft()
            self._waiting.move_to_end(owner)
            if not self._waiting[owner]:
                del self._waiting[owner]
            if not granted.done():
                self._running[owner] += 1
                granted.set_result(None)

    def _leave(self, owner: str, granted: asyncio.Future[None]) -> None:
        queue = self._waiting.get(owner)
        if queue is not None and granted in queue:
            queue.remove(granted)
            if not queue:
                del self._waiting[owner]
