"""The one connection on which this process listens to Redis."""

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

from daybook.engine.errors import WrongSetting
from daybook.engine.redis_client import TIMEOUT_SECONDS
from daybook.engine.settings import Settings

_SILENT_SECONDS = 1.0
"""After so long a silence Redis is asked whether it is there, and has as long to answer."""

_AGAIN_SECONDS = 0.5
_log = structlog.get_logger()


class Subscription:
    """Listens while anything is wanted. Raises WrongSetting.

    `subscribed` is called for each channel once Redis has confirmed it, again after each time that
    it was away; `away` when a connection breaks or none can be made.
    """

    def __init__(
        self,
        settings: Settings,
        heard: Callable[[str, bytes], None],
        subscribed: Callable[[str], None],
        away: Callable[[], None],
    ) -> None:
        try:
            self._redis = Redis.from_url(
                settings.redis_url.get_secret_value(),
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            raise WrongSetting(f"DAYBOOK_REDIS_URL: {error}") from None
        self._heard, self._subscribed, self._went_away = heard, subscribed, away
        self._wanted: set[str] = set()
        self._changed = asyncio.Event()
        self._failed = asyncio.Event()
        self._is_away = False
        self._task: asyncio.Task[None] | None = None

    def want(self, addresses: Iterable[str]) -> None:
        self._wanted = set(addresses)
        self._changed.set()
        if self._task is None and self._wanted:
            self._task = asyncio.create_task(self._run())

    async def settled(self, subscribed: asyncio.Event) -> None:
        """Until the channel is subscribed to, or Redis is known to be away."""
        waiting = [asyncio.create_task(each.wait()) for each in (subscribed, self._failed)]
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
                    await self._both(pubsub)
            except (RedisError, OSError) as error:
                self._away(error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _both(self, pubsub: "PubSub") -> None:
        """Listens, and follows what is wanted, until nothing is or one of the two fails."""
        asking = asyncio.create_task(self._follow(pubsub))
        listening = asyncio.create_task(self._listen(pubsub))
        both = (asking, listening)
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _follow(self, pubsub: "PubSub") -> None:
        held: set[str] = set()
        while self._wanted:
            wanted = set(self._wanted)
            if new := wanted - held:
                await pubsub.subscribe(*new)
            if old := held - wanted:
                await pubsub.unsubscribe(*old)
            held = wanted
            await self._until(lambda held=held: self._wanted != held)  # type: ignore[misc]

    async def _listen(self, pubsub: "PubSub") -> None:
        is_asked = False
        while True:
            message: dict[str, Any] | None = await pubsub.get_message(timeout=_SILENT_SECONDS)
            if message is None and is_asked:
                raise TimeoutError("Redis is silent")
            is_asked = message is None
            if message is None:
                await pubsub.ping()
            elif message["type"] == "message":
                self._heard(message["channel"].decode(), message["data"])
            elif message["type"] == "subscribe":
                self._here()
                self._subscribed(message["channel"].decode())

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _here(self) -> None:
        self._failed.clear()
        if self._is_away:
            self._is_away = False
            _log.info("streams hear Redis again")

    def _away(self, error: Exception) -> None:
        self._failed.set()
        self._went_away()
        if not self._is_away:
            self._is_away = True
            _log.warning("streams hear nothing: Redis does not answer", why=type(error).__name__)
