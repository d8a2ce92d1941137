"""Redis as the query module asks it: quickly or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engine.errors import WrongSetting
from engine.settings import Settings

TIMEOUT_SECONDS = 0.25
AWAY_SECONDS = 2.0
_CONNECTIONS_MAX = 64
"""Who finds none free waits for a turn; Redis is not away for that."""

_log = structlog.get_logger()

T = TypeVar("T")


class RedisAway(Exception):
    """Redis does not answer: do without it."""


class Live:
    """Live numbers, and remembered answers. After a failure Redis is left alone for a while."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._redis = Redis.from_url(
                settings.redis_url.get_secret_value(),
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                max_connections=_CONNECTIONS_MAX,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            raise WrongSetting(f"DAYBOOK_REDIS_URL: {error}") from None
        self._turns = asyncio.Semaphore(_CONNECTIONS_MAX)
        self._away_until = 0.0
        self._is_away = False

    async def ask(self, question: Callable[["Redis"], Awaitable[T]]) -> T:
        """What Redis answers, strings as bytes. Raises RedisAway, a quarter of a second after it
        was asked at most."""
        if monotonic() < self._away_until:
            raise RedisAway
        try:
            async with self._turns:
                found = await question(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = monotonic() + AWAY_SECONDS
            if not self._is_away:
                self._is_away = True
                _log.warning("without Redis: it does not answer", why=type(error).__name__)
            raise RedisAway from error
        if self._is_away:
            self._is_away = False
            _log.info("Redis again")
        return found

    async def hash(self, key: str) -> dict[str, str]:
        """All fields of a hash; none when there is no such key. Raises RedisAway."""
        found: dict[Any, Any] = await self.ask(lambda redis: redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in found.items()}

    async def close(self) -> None:
        await self._redis.aclose()
