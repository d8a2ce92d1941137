"""The connection on which this process subscribes to channels of Redis."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from daybook.engine.redis_client import TIMEOUT_SECONDS, redis_client
from daybook.engine.settings import Settings

_IDLE_SECONDS = 1.0
"""After this long without a message a PING is sent, and Redis has as long to answer it."""

_RETRY_SECONDS = 0.5
_log = structlog.get_logger()


class Subscription:
    """Stays connected while there is any channel to subscribe to. Raises WrongSetting.

    `on_message` receives a channel's name and a message. `on_subscribed` is called for each channel
    once Redis has confirmed it, and again after each reconnection; `on_disconnected` when the
    connection breaks or cannot be made.
    """

    def __init__(
        self,
        settings: Settings,
        on_message: Callable[[str, bytes], None],
        on_subscribed: Callable[[str], None],
        on_disconnected: Callable[[], None],
    ) -> None:
        self._redis = redis_client(Redis, settings, TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0))
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._on_disconnected = on_disconnected
        self._wanted: set[str] = set()
        self._changed = asyncio.Event()
        self._failed = asyncio.Event()
        self._is_disconnected = False
        self._task: asyncio.Task[None] | None = None

    def set_channels(self, names: Iterable[str]) -> None:
        self._wanted = set(names)
        self._changed.set()
        if self._task is None and self._wanted:
            self._task = asyncio.create_task(self._run())

    async def wait(self, subscribed: asyncio.Event) -> None:
        """Returns once the channel is subscribed to, or Redis is known to be unavailable."""
        waiting = [asyncio.create_task(event.wait()) for event in (subscribed, self._failed)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._redis.aclose()

    async def _run(self) -> None:
        while True:
            await self._until(lambda: bool(self._wanted))
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.connect()
                    await self._run_connection(pubsub)
            except (RedisError, OSError) as error:
                self._mark_disconnected(error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _run_connection(self, pubsub: "PubSub") -> None:
        """Receives messages and updates subscriptions, until none is wanted or either fails."""
        updating = asyncio.create_task(self._update_subscriptions(pubsub))
        receiving = asyncio.create_task(self._receive(pubsub))
        both = (updating, receiving)
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _update_subscriptions(self, pubsub: "PubSub") -> None:
        subscribed: set[str] = set()
        while self._wanted:
            wanted = set(self._wanted)
            if new := wanted - subscribed:
                await pubsub.subscribe(*new)
            if old := subscribed - wanted:
                await pubsub.unsubscribe(*old)
            subscribed = wanted
            await self._until(lambda wanted=wanted: self._wanted != wanted)  # type: ignore[misc]

    async def _receive(self, pubsub: "PubSub") -> None:
        is_pinged = False
        while True:
            message: dict[str, Any] | None = await pubsub.get_message(timeout=_IDLE_SECONDS)
            if message is None and is_pinged:
                raise TimeoutError("Redis did not answer a PING")
            is_pinged = message is None
            if message is None:
                await pubsub.ping()
            elif message["type"] == "message":
                self._on_message(message["channel"].decode(), message["data"])
            elif message["type"] == "subscribe":
                self._mark_connected()
                self._on_subscribed(message["channel"].decode())

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _mark_connected(self) -> None:
        self._failed.clear()
        if self._is_disconnected:
            self._is_disconnected = False
            _log.info("live updates resumed: Redis available again")

    def _mark_disconnected(self, error: Exception) -> None:
        self._failed.set()
        self._on_disconnected()
        if not self._is_disconnected:
            self._is_disconnected = True
            _log.warning("live updates paused: Redis unavailable", why=type(error).__name__)
