"""Redis clients with short timeouts: every caller can do without Redis for a while."""

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
    """Redis does not answer: continue without it."""


class FailFastRedis:
    """After a failure, calls fail at once for `AWAY_SECONDS`.

    `lost_message` is logged when Redis stops answering, `restored_message` when it answers again.
    A call that times out is retried once, because on a busy machine this process itself may have
    read the reply too late; after the second timeout of `seconds` Redis counts as unavailable.
    With `connections_max` connections in use, a call waits for one, without a timeout.
    """

    def __init__(
        self,
        settings: Settings,
        lost_message: str,
        restored_message: str,
        connections_max: int | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.client: Redis = _client(
            Redis, Retry(NoBackoff(), 1), settings, seconds, max_connections=connections_max
        )
        self._connection_limit: AbstractAsyncContextManager[None] = (
            asyncio.Semaphore(connections_max) if connections_max else nullcontext()
        )
        self._lost_message = lost_message
        self._restored_message = restored_message
        self._away_until = 0.0
        self._is_away = False

    async def call(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """The reply to a command, strings as bytes.

        Raises RedisUnavailable, no later than two timeouts after the command was sent.
        """
        if monotonic() < self._away_until:
            raise RedisUnavailable
        try:
            async with self._connection_limit:
                reply = await command(self.client)
        except (RedisError, OSError) as error:
            self._away_until = monotonic() + AWAY_SECONDS
            if not self._is_away:
                self._is_away = True
                _log.warning(self._lost_message, why=type(error).__name__)
            raise RedisUnavailable from error
        if self._is_away:
            self._is_away = False
            _log.info(self._restored_message)
        return reply

    async def close(self) -> None:
        await self.client.aclose()


def blocking(settings: Settings, seconds: float) -> BlockingRedis:
    """A synchronous client that waits at most `seconds` for a reply and never retries.

    Raises WrongSetting for an unusable DAYBOOK_REDIS_URL.
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
