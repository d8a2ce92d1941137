"""Redis' channels to all clients of this process: one subscription each, on one connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Literal

import structlog

from daybook.engine.errors import Unavailable
from daybook.engine.settings import Settings
from daybook.query import metrics
from daybook.query.answer.cache import REALTIME
from daybook.query.problem import Problem, unavailable
from daybook.query.stream.channel_state import ChannelState, Load
from daybook.query.stream.client_queue import ClientQueue
from daybook.query.stream.redis_subscription import Subscription

CLIENTS_MAX = 1_500
"""The service serves 2,000 calls at once: reports have room beside the streams."""

BEAT_SECONDS = 15.0
_SETTLED_SECONDS = 1.0
_log = structlog.get_logger()

Sleep = Callable[[float], Awaitable[object]]


class Relay:
    """Time comes from outside, for tests. Raises WrongSetting."""

    def __init__(
        self,
        settings: Settings,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._subscription = Subscription(settings, self._heard, self._subscribed, self._away)
        self._sleep = sleep
        self._clock = clock
        self._topics: dict[str, ChannelState] = {}
        self._clients = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._heart: asyncio.Task[None] | None = None
        self._has_ended = False

    @asynccontextmanager
    async def open(
        self, address: str, kind: Literal["event", "dashboard"], load: Load
    ) -> AsyncIterator[ClientQueue]:
        """What a client is told, for as long as it stays. `load` is that of the first who comes.

        Raises what `load` raises, and Problem (503) while there are as many clients as may be.
        """
        if self._has_ended or self._clients >= CLIENTS_MAX:
            raise unavailable("there are too many streams at the moment")
        self._clients += 1
        topic = self._topics.setdefault(address, ChannelState(address, kind, load))
        topic.users += 1
        feed = None
        try:
            self._begin()
            async with topic.loading:
                await self._make_current(topic)
            feed = topic.join()
            metrics.STREAMS.inc()
            if not topic.subscribed.is_set():
                feed.note("away")
            if self._has_ended:
                feed.end()
            yield feed
        finally:
            self._clients -= 1
            topic.users -= 1
            if feed is not None:
                topic.leave(feed)
                metrics.STREAMS.dec()
            if not topic.users:
                del self._topics[address]
                self._subscription.want(self._topics)

    def end(self) -> None:
        """No more streams: those that are open end in order."""
        self._has_ended = True
        for feed in self._feeds():
            feed.end()

    async def close(self) -> None:
        self.end()
        own = [task for task in (self._heart, *self._tasks) if task is not None]
        for task in own:
            task.cancel()
        for task in own:
            with suppress(asyncio.CancelledError):
                await task
        await self._subscription.close()

    def _begin(self) -> None:
        if self._heart is None:
            self._heart = asyncio.create_task(self._beat())
        self._subscription.want(self._topics)

    async def _make_current(self, topic: ChannelState) -> None:
        """What was read before the subscription may have gaps; else all that is new was heard.

        Read anew after a while nevertheless: members may have had to drop a message.
        """
        if topic.loaded_at is not None and self._clock() - topic.loaded_at < REALTIME.seconds:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_SECONDS):
                await self._subscription.settled(topic.subscribed)
        await topic.load(self._clock())

    def _heard(self, address: str, message: bytes) -> None:
        if topic := self._topics.get(address):
            topic.hear(message)

    def _subscribed(self, address: str) -> None:
        topic = self._topics.get(address)
        if topic is None or topic.subscribed.is_set():
            return
        topic.subscribed.set()
        if topic.loaded_at is not None:
            task = asyncio.create_task(self._resume(topic))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _resume(self, topic: ChannelState) -> None:
        """What happened while nobody listened is in the totals."""
        async with topic.loading:
            try:
                await topic.load(self._clock())
            except (Unavailable, Problem) as error:
                _log.warning("streams go on with what they know", why=type(error).__name__)
        for feed in topic.feeds:
            feed.note("back", is_behind=True)

    def _away(self) -> None:
        for topic in self._topics.values():
            if topic.subscribed.is_set():
                topic.subscribed.clear()
                for feed in topic.feeds:
                    feed.note("away")

    async def _beat(self) -> None:
        while True:
            await self._sleep(BEAT_SECONDS)
            for feed in self._feeds():
                feed.beat()

    def _feeds(self) -> list[ClientQueue]:
        return [feed for topic in self._topics.values() for feed in topic.feeds]
