"""What waits to be sent to one client: bounded, so that a slow reader costs numbers, not memory."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from daybook.query import metrics
from daybook.query.stream import sse

QUEUE_MAX = 64

Snapshot = Callable[[], Sequence[bytes]]
"""The totals as they stand now, as events."""


class ClientQueue:
    """Begins with the totals. `at` gives the id that an event of now has."""

    def __init__(self, snapshot: Snapshot, at: Callable[[], int]) -> None:
        self._snapshot = snapshot
        self._at = at
        self._parts = deque([sse.retry(), *snapshot()])
        self._queue: deque[bytes] = deque()
        self._notes: deque[bytes] = deque(maxlen=2)
        self._dropped = 0
        self._is_behind = False
        self._beats = False
        self._has_ended = False
        self._woken = asyncio.Event()

    def put(self, some: Sequence[bytes]) -> None:
        """News. What finds no room drives out the oldest."""
        for each in some:
            if len(self._queue) == QUEUE_MAX:
                self._queue.popleft()
                self._dropped += 1
                metrics.STREAM_DROPPED.inc()
            self._queue.append(each)
        self._woken.set()

    def note(self, name: str, *, is_behind: bool = False) -> None:
        """Says how things are; if what was told may have gaps, the totals follow."""
        self._notes.append(sse.event(name, {}, self._at()))
        self._is_behind |= is_behind
        self._woken.set()

    def beat(self) -> None:
        self._beats = True
        self._woken.set()

    def end(self) -> None:
        self._has_ended = True
        self._woken.set()

    async def next(self) -> bytes | None:
        """Waits for it. `wire.BEAT` when it is time to show a sign of life; None at the end."""
        while not self._has_ended:
            if (found := self._ready()) is not None:
                return found
            self._woken.clear()
            await self._woken.wait()
        return None

    def _ready(self) -> bytes | None:
        # A beat goes first: a channel that is never silent must not put off what hangs on it.
        if self._beats:
            self._beats = False
            return sse.BEAT
        if self._parts:
            return self._parts.popleft()
        if self._dropped:
            return self._lagged()
        if self._notes:
            return self._notes.popleft()
        if self._is_behind:
            self._catch_up()
            return self._parts.popleft()
        return self._queue.popleft() if self._queue else None

    def _lagged(self) -> bytes:
        """What still waits is older than the totals that follow, so it is dropped as well."""
        said = sse.event("lagged", {"dropped": self._dropped + len(self._queue)}, self._at())
        self._dropped = 0
        self._catch_up()
        return said

    def _catch_up(self) -> None:
        self._is_behind = False
        self._queue.clear()
        self._parts.extend(self._snapshot())
