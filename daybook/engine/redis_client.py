"""Redis asked quickly or not at all: what is in it can be done without for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from time import monotonic
from typing import Any, TypeVar

import structlog
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as BlockingRetry

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings

TIMEOUT_SECONDS = 0.25
AWAY_SECONDS = 2.0
_log = structlog.get_logger()

T = TypeVar("T")


class RedisUnavailable(Exception):
    """Redis does not answer: do without it."""


class FailFastRedis:
    """After a failure Redis is left alone for a moment. `away` and `again` are what is logged
    then, and once it answers again.

    What is not answered is asked once more, for on a busy machine it may be the process itself
    that looked too late. Who finds none of `connections_max` free waits for a turn; Redis is not
    away for that, but it is when it takes longer than `seconds`, twice.
    """

    def __init__(
        self,
        settings: Settings,
        away: str,
        again: str,
        connections_max: int | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.client: Redis = _client(
            Redis, Retry(NoBackoff(), 1), settings, seconds, max_connections=connections_max
        )
        self._turns: AbstractAsyncContextManager[None] = (
            asyncio.Semaphore(connections_max) if connections_max else nullcontext()
        )
        self._said = away, again
        self._away_until = 0.0
        self._is_away = False

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """What Redis answers, strings as bytes. Raises RedisAway, twice so many seconds after it
        was asked at most."""
        if monotonic() < self._away_until:
            raise RedisUnavailable
        away, again = self._said
        try:
            async with self._turns:
                found = await question(self.client)
        except (RedisError, OSError) as error:
            self._away_until = monotonic() + AWAY_SECONDS
            if not self._is_away:
                self._is_away = True
                _log.warning(away, why=type(error).__name__)
            raise RedisUnavailable from error
        if self._is_away:
            self._is_away = False
            _log.info(again)
        return found

    async def close(self) -> None:
        await self.client.aclose()


def blocking(settings: Settings, seconds: float) -> BlockingRedis:
    """A client for threads, which waits no longer than that and never tries again by itself.

    Raises WrongSetting.
    """
    client: BlockingRedis = _client(BlockingRedis, BlockingRetry(NoBackoff(), 0), settings, seconds)
    return client


def _client(kind: Any, retry: Any, settings: Settings, seconds: float, **more: Any) -> Any:
    try:
        return kind.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=retry,
            **more,
        )
    except ValueError as error:
        raise WrongSetting(f"DAYBOOK_REDIS_URL: {error}") from None
