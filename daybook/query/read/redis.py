"""Live numbers and remembered answers, in Redis."""

from typing import Any

from daybook.engine.redis_client import FailFastRedis
from daybook.engine.settings import Settings

_CONNECTIONS_MAX = 64
_SECONDS = 1.0
"""A report that is made keeps the loop busy for longer than the usual quarter of a second."""


class Live(FailFastRedis):
    """Raises WrongSetting for an address that cannot be read."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings, "without Redis: it does not answer", "Redis again", _CONNECTIONS_MAX, _SECONDS
        )

    async def hash(self, key: str) -> dict[str, str]:
        """All fields of a hash; none when there is no such key. Raises RedisAway."""
        found: dict[Any, Any] = await self.call(lambda redis: redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in found.items()}
