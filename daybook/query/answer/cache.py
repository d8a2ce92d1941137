"""Answers of before, in Redis, for all processes of the query module."""

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
    """Everything that an answer depends on: whose documents, which report, with what said."""

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
    """`body` is the JSON object that is sent, without its last field. `at`: seconds since 1970,
    `took`: how many it took to make.

    `revision` is that of the documents just before, null when it says nothing. `scope` is the
    question's once more, so that a mix-up of keys would be noticed.
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


_FORM = TypeAdapter(CachedResponse)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """`seconds`: an answer is as good as new for so long at most; with `by_revision` only while
    no document has changed that it may be made of.

    Beyond, it is kept for an hour, for the case that MongoDB does not answer.
    """

    seconds: int
    by_revision: bool = True


class ResponseCache:
    """Without Redis nothing is remembered, and nobody waits for it.

    `database` keeps fleets apart that share a Redis.
    """

    def __init__(self, live: Live, database: str) -> None:
        self._live = live
        self._prefix = f"daybook:query:answer:{database}:"

    async def get(self, question: CacheKey) -> CachedResponse | None:
        key = self._prefix + question.digest
        try:
            raw = await self._live.call(lambda redis: redis.get(key))
        except RedisUnavailable:
            return None
        if raw is None:
            return None
        try:
            found = _FORM.validate_json(raw)
        except ValidationError:
            return None
        return found if found.scope == question.scope else None

    async def put(self, question: CacheKey, answer: CachedResponse, keep: CachePolicy) -> None:
        raw = _FORM.dump_json(answer)
        if len(raw) > _BYTES_MAX:
            metrics.NOT_REMEMBERED.inc()
            return
        key, lifetime = self._prefix + question.digest, keep.seconds + STALE_SECONDS
        try:
            await self._live.call(lambda redis: redis.set(key, raw, ex=lifetime))
        except RedisUnavailable:
            metrics.NOT_REMEMBERED.inc()


STALE_SECONDS = 3_600


REALTIME = CachePolicy(5, by_revision=False)
REPORTS = CachePolicy(60)
