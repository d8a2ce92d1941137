"""Redis clients with short timeouts: every caller can do without Redis for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

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
_WRONG_URL = (
    "DAYBOOK_REDIS_URL: must be redis://user:password@host:port/number (rediss:// for TLS), "
    "with special characters in user and password percent-encoded"
)
"""Not the library's message, which may repeat a part of the URL, such as the password."""

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
        self.client: Redis = redis_client(
            Redis, settings, seconds, retry=Retry(NoBackoff(), 1), max_connections=connections_max
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
        if self._is_away:
            # This call alone tries Redis again; the others need not wait for what it finds.
            self._away_until = monotonic() + AWAY_SECONDS
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
            self._away_until = 0.0
            _log.info(self._restored_message)
        return reply

    async def close(self) -> None:
        await self.client.aclose()


def blocking(settings: Settings, seconds: float) -> BlockingRedis:
    """A synchronous client that waits at most `seconds` for a reply and never retries.

    Raises WrongSetting for an unusable DAYBOOK_REDIS_URL.
    """
    client: BlockingRedis = redis_client(
        BlockingRedis, settings, seconds, retry=BlockingRetry(NoBackoff(), 0)
    )
    return client


def redis_client(kind: Any, settings: Settings, seconds: float, **options: Any) -> Any:
    """A client of class `kind`. Raises WrongSetting, which repeats nothing of the URL."""
    url = settings.redis_url.get_secret_value()
    try:
        client = kind.from_url(
            url, socket_timeout=seconds, socket_connect_timeout=seconds, **options
        )
        # Without this, a wrong option would be found by the first command.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
        is_cut = "@" in urlsplit(url).path
    except (ValueError, TypeError, OSError, RedisError):
        raise WrongSetting(_WRONG_URL) from None
    if is_cut:
        raise WrongSetting(_WRONG_URL)
    return client
