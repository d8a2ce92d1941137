"""The response cache in Redis, shared by all processes of the query module."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from daybook.engine.redis_client import RedisUnavailable
from daybook.query import metrics
from daybook.query.read.redis import Live

_BYTES_MAX = 2**22


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Everything that a response depends on: the scope, the report's path and its parameters."""

    scope: str
    path: str
    parameters: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, scope: str, path: str, parameters: Iterable[tuple[str, str]]) -> "CacheKey":
        return cls(scope, path, tuple(sorted(parameters)))

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """`body` is the JSON object that is sent, without its last field `as_of`.

    `at`: when it was computed, in seconds since 1970; `took`: how many seconds that took.
    `revision` is that of the documents just before, or null if a write was in progress. `scope`
    repeats the cache key's, so that a mix-up of keys would be noticed. `kept` is the version of
    this format.
    """

    scope: str
    at: float
    took: float
    revision: str | None
    as_of: dict[str, Any]
    body: str
    kept: Literal[2] = 2

    def is_fresh(self, seconds: float, now: float) -> bool:
        return -1 <= now - self.at < seconds


_ADAPTER = TypeAdapter(CachedResponse)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """A response is fresh for at most `seconds`; with `by_revision` only as long as no document
    that it may be computed from has changed.

    It is stored for one more hour, to be served stale if MongoDB does not answer.
    """

    seconds: int
    by_revision: bool = True


class ResponseCache:
    """While Redis is unavailable nothing is cached, and no request waits for it.

    `database` separates fleets that share a Redis.
    """

    def __init__(self, live: Live, database: str) -> None:
        self._live = live
        self._prefix = f"daybook:query:answer:{database}:"

    async def get(self, key: CacheKey) -> CachedResponse | None:
        name = self._prefix + key.digest
        try:
            raw = await self._live.call(lambda redis: redis.get(name))
        except RedisUnavailable:
            return None
        if raw is None:
            return None
        try:
            cached = _ADAPTER.validate_json(raw)
        except ValidationError:
            return None
        return cached if cached.scope == key.scope else None

    async def put(self, key: CacheKey, response: CachedResponse, policy: CachePolicy) -> None:
        raw = _ADAPTER.dump_json(response)
        if len(raw) > _BYTES_MAX:
            metrics.NOT_CACHED.inc()
            return
        name, lifetime = self._prefix + key.digest, policy.seconds + STALE_SECONDS
        try:
            await self._live.call(lambda redis: redis.set(name, raw, ex=lifetime))
        except RedisUnavailable:
            metrics.NOT_CACHED.inc()


STALE_SECONDS = 3_600


REALTIME = CachePolicy(5, by_revision=False)
REPORTS = CachePolicy(60)
