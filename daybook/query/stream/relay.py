"""Relays Redis channels to all clients of this process, with one subscription per channel."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Literal

import structlog

from daybook.engine.errors import Unavailable
from daybook.engine.settings import Settings
from daybook.query import metrics
from daybook.query.answer.cache import REALTIME
from daybook.query.caller import Caller
from daybook.query.problem import RETRY_SECONDS, Problem, unavailable
from daybook.query.stream.channel_state import ChannelState, Load
from daybook.query.stream.client_queue import ClientQueue
from daybook.query.stream.redis_subscription import Subscription

CLIENTS_MAX = 1_500
"""Below the service's 2,000 concurrent requests, which leaves room for reports."""

CLIENTS_PER_OWNER = 300
"""Of one organization or admin: a fifth, so the others find room however many one opens."""

CLIENTS_PER_CALLER = 200
"""Of one key or token."""

BEAT_SECONDS = 15.0
_SUBSCRIBE_SECONDS = 1.0
_log = structlog.get_logger()

Sleep = Callable[[float], Awaitable[object]]


class Relay:
    """`sleep` and `clock` are parameters for tests. Raises WrongSetting."""

    def __init__(
        self,
        settings: Settings,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._subscription = Subscription(
            settings, self._receive, self._subscribed, self._disconnected
        )
        self._sleep = sleep
        self._clock = clock
        self._channels: dict[str, ChannelState] = {}
        self._clients = 0
        self._open: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._heartbeat_task: asyncio.Task[None] | None = None
        self._has_ended = False

    @asynccontextmanager
    async def open(
        self, name: str, kind: Literal["event", "dashboard"], load: Load, caller: Caller
    ) -> AsyncIterator[ClientQueue]:
        """The queue of a new client. Of a channel's clients, the `load` of the first one is used.

        Raises what `load` raises, and Problem if there are too many clients: 503 of all, 429 of the
        caller or their organization.
        """
        if self._has_ended or self._clients >= CLIENTS_MAX:
            raise unavailable("too many open streams at the moment")
        with self._counted(caller):
            async with self._join(name, kind, load) as queue:
                yield queue

    @contextmanager
    def _counted(self, caller: Caller) -> Iterator[None]:
        shares = ("owner", caller.owner), ("caller", caller.id)
        limits = CLIENTS_PER_OWNER, CLIENTS_PER_CALLER
        if any(self._open[share] >= limit for share, limit in zip(shares, limits, strict=True)):
            metrics.BUSY.inc()
            headers = {"Retry-After": str(RETRY_SECONDS)}
            raise Problem(429, "this organization or caller has too many open streams", headers)
        self._open.update(shares)
        try:
            yield
        finally:
            self._open.subtract(shares)
            self._open += Counter()  # drops those with none

    @asynccontextmanager
    async def _join(
        self, name: str, kind: Literal["event", "dashboard"], load: Load
    ) -> AsyncIterator[ClientQueue]:
        self._clients += 1
        channel = self._channels.setdefault(name, ChannelState(name, kind, load))
        channel.users += 1
        queue = None
        try:
            self._start()
            async with channel.loading:
                await self._make_current(channel)
            queue = channel.join()
            metrics.STREAMS.inc()
            if not channel.subscribed.is_set():
                queue.notify("away")
            if self._has_ended:
                queue.end()
            yield queue
        finally:
            self._clients -= 1
            channel.users -= 1
            if queue is not None:
                channel.leave(queue)
                metrics.STREAMS.dec()
            if not channel.users:
                del self._channels[name]
                self._subscription.set_channels(self._channels)

    def end(self) -> None:
        """Ends all streams in an orderly way, and accepts no more."""
        self._has_ended = True
        for queue in self._queues():
            queue.end()

    async def close(self) -> None:
        self.end()
        tasks = [task for task in (self._heartbeat_task, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._subscription.close()

    def _start(self) -> None:
        if self._heartbeat_task is None:
            self._heartbeat_task = asyncio.create_task(self._send_heartbeats())
        self._subscription.set_channels(self._channels)

    async def _make_current(self, channel: ChannelState) -> None:
        """Loads the totals once the channel is subscribed to, so that no update is missed.

        They are loaded again after some time, because members may drop messages.
        """
        if channel.loaded_at is not None and self._clock() - channel.loaded_at < REALTIME.seconds:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                await self._subscription.wait(channel.subscribed)
        await channel.load(self._clock())

    def _receive(self, name: str, message: bytes) -> None:
        if channel := self._channels.get(name):
            channel.receive(message)

    def _subscribed(self, name: str) -> None:
        channel = self._channels.get(name)
        if channel is None or channel.subscribed.is_set():
            return
        channel.subscribed.set()
        if channel.loaded_at is not None:
            task = asyncio.create_task(self._resume(channel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _resume(self, channel: ChannelState) -> None:
        """Loads the totals, which contain what was missed, and sends them to all clients."""
        async with channel.loading:
            try:
                await channel.load(self._clock())
            except (Unavailable, Problem) as error:
                _log.warning("streams continue without reloaded totals", why=type(error).__name__)
        for queue in channel.queues:
            queue.notify("back", is_behind=True)

    def _disconnected(self) -> None:
        for channel in self._channels.values():
            if channel.subscribed.is_set():
                channel.subscribed.clear()
                for queue in channel.queues:
                    queue.notify("away")

    async def _send_heartbeats(self) -> None:
        while True:
            await self._sleep(BEAT_SECONDS)
            for queue in self._queues():
                queue.heartbeat()

    def _queues(self) -> list[ClientQueue]:
        return [queue for channel in self._channels.values() for queue in channel.queues]
