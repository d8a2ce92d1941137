"""The queue of events for one client; it is bounded, so a slow client cannot exhaust memory."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from daybook.query import metrics
from daybook.query.stream import sse

QUEUE_MAX = 64

Snapshot = Callable[[], Sequence[bytes]]
"""Renders the current totals as events."""


class ClientQueue:
    """Starts with the current totals. `at` returns the id of an event created now."""

    def __init__(self, snapshot: Snapshot, at: Callable[[], int]) -> None:
        self._snapshot = snapshot
        self._at = at
        self._snapshot_events = deque([sse.retry(), *snapshot()])
        self._queue: deque[bytes] = deque()
        self._notices: deque[bytes] = deque(maxlen=2)
        self._dropped = 0
        self._is_behind = False
        self._heartbeat_due = False
        self._has_ended = False
        self._woken = asyncio.Event()

    def put(self, events: Sequence[bytes]) -> None:
        """Appends events. If the queue is full, the oldest ones are dropped."""
        for event in events:
            if len(self._queue) == QUEUE_MAX:
                self._queue.popleft()
                self._dropped += 1
                metrics.STREAM_DROPPED.inc()
            self._queue.append(event)
        self._woken.set()

    def notify(self, name: str, *, is_behind: bool = False) -> None:
        """Appends a status event, followed by the totals if the client may have missed events."""
        self._notices.append(sse.event(name, {}, self._at()))
        self._is_behind |= is_behind
        self._woken.set()

    def heartbeat(self) -> None:
        self._heartbeat_due = True
        self._woken.set()

    def end(self) -> None:
        self._has_ended = True
        self._woken.set()

    async def next(self) -> bytes | None:
        """Waits for the next event. `sse.BEAT` when a heartbeat is due; None at the end."""
        while not self._has_ended:
            if (event := self._pop()) is not None:
                return event
            self._woken.clear()
            await self._woken.wait()
        return None

    def _pop(self) -> bytes | None:
        # Heartbeats go first: a busy channel must not delay the key check that depends on them.
        if self._heartbeat_due:
            self._heartbeat_due = False
            return sse.BEAT
        if self._snapshot_events:
            return self._snapshot_events.popleft()
        if self._dropped:
            return self._lagged()
        if self._notices:
            return self._notices.popleft()
        if self._is_behind:
            self._catch_up()
            return self._snapshot_events.popleft()
        return self._queue.popleft() if self._queue else None

    def _lagged(self) -> bytes:
        """Also drops the queued events, which are older than the totals that follow."""
        lagged = sse.event("lagged", {"dropped": self._dropped + len(self._queue)}, self._at())
        self._dropped = 0
        self._catch_up()
        return lagged

    def _catch_up(self) -> None:
        self._is_behind = False
        self._queue.clear()
        self._snapshot_events.extend(self._snapshot())
