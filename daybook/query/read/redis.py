"""Access to Redis, which holds the live numbers and the response cache."""

from typing import Any

from daybook.engine.redis_client import FailFastRedis
from daybook.engine.settings import Settings

_CONNECTIONS_MAX = 64
_SECONDS = 1.0
"""Longer than the default of 0.25 s: computing a report can block the event loop that long."""


class Live(FailFastRedis):
    """Raises WrongSetting for an invalid URL."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings,
            "no live numbers and no response cache: Redis unavailable",
            "Redis available again",
            _CONNECTIONS_MAX,
            _SECONDS,
        )

    async def hash(self, key: str) -> dict[str, str]:
        """All fields of a hash; empty if there is no such key. Raises RedisUnavailable."""
        fields: dict[Any, Any] = await self.call(lambda redis: redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in fields.items()}
