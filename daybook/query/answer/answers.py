"""Answers report requests from the cache or by computing them, with freshness and ETag."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from pydantic_core import to_json

from daybook.engine.errors import Unavailable
from daybook.query import metrics
from daybook.query.answer.cache import CachedResponse, CacheKey, CachePolicy, ResponseCache
from daybook.query.answer.fair_queue import Busy, FairQueue
from daybook.query.read.freshness import Freshness
from daybook.query.read.revisions import Revisions
from daybook.query.read.scope import Scope

Body = Mapping[str, Any]
Build = Callable[[], Awaitable[Body]]
Origin = Literal["made", "shared", "remembered", "stale"]
Answer = tuple[CachedResponse, Origin]

PATIENCE_SECONDS = 2.0
"""After this long, the last cached answer is served, marked stale."""

UNCHECKED, UNCHECKED_SECONDS_MAX = 20, 5.0
"""A cached answer is served without a check for changed documents for this many times as long as
it took to compute. So it is computed at most a twentieth of the time, however often they change."""


class Recipe(NamedTuple):
    """How a report is computed: scope, cache policy, groups that count its numbers, time zone."""

    scope: Scope
    policy: CachePolicy
    groups: tuple[str, ...]
    zone: ZoneInfo
    build: Build


class _Lookup:
    """An answer in progress, the last cached one, and how many requests wait for it."""

    def __init__(self, coroutine: Callable[["_Lookup"], Awaitable[Answer]]) -> None:
        self.cached: CachedResponse | None = None
        self.waiting = 0
        self.has_begun = False
        self.task = asyncio.ensure_future(coroutine(self))


class Answers:
    """Looks up or computes each report once for all concurrent requests, and caches it."""

    def __init__(
        self,
        freshness: Freshness,
        revisions: Revisions,
        cache: ResponseCache,
        clock: Callable[[], float] = time,
    ) -> None:
        self._freshness = freshness
        self._revisions = revisions
        self._cache = cache
        self._clock = clock
        self._queue = FairQueue()
        self._lookups: dict[CacheKey, _Lookup] = {}

    async def get(self, key: CacheKey, recipe: Recipe) -> Answer:
        """The answer and its origin. Raises Unavailable, Busy, and what `build` raises.

        While MongoDB is slow or does not answer, or too much is asked for, this is the last cached
        answer, up to an hour old.
        """
        lookup = self._lookups.get(key)
        is_shared = lookup is not None
        if lookup is None:
            lookup = _Lookup(lambda started: self._find(key, recipe, started))
            self._lookups[key] = lookup
            own = lookup
            lookup.task.add_done_callback(lambda done: self._forget(key, own, done))
        lookup.waiting += 1
        try:
            done, _ = await asyncio.wait([lookup.task], timeout=PATIENCE_SECONDS)
            if not done and lookup.cached is not None:
                return lookup.cached, "stale"
            answer, origin = await asyncio.shield(lookup.task)
        except asyncio.CancelledError:
            if lookup.waiting == 1 and not lookup.has_begun:
                # Nobody waits for it any more, so it must not take a turn from those who do.
                self._lookups.pop(key, None)
                lookup.task.cancel()
            raise
        finally:
            lookup.waiting -= 1
        return answer, "shared" if is_shared and origin == "made" else origin

    async def _find(self, key: CacheKey, recipe: Recipe, lookup: _Lookup) -> Answer:
        lookup.cached = cached = await self._cache.get(key)
        try:
            if cached and await self._is_current(cached, recipe):
                return cached, "remembered"
            caller = recipe.scope.caller
            async with self._queue.turn(caller.owner, caller.id):
                lookup.has_begun = True
                answer = await self._compute(key.scope, recipe)
        except (Unavailable, Busy):
            if cached is None:
                raise
            return cached, "stale"
        await self._cache.put(key, answer, recipe.policy)
        return answer, "made"

    async def _is_current(self, cached: CachedResponse, recipe: Recipe) -> bool:
        now, policy = self._clock(), recipe.policy
        if not cached.is_fresh(policy.seconds, now):
            return False
        unchecked = min(cached.took * UNCHECKED, UNCHECKED_SECONDS_MAX)
        if not policy.by_revision or cached.is_fresh(unchecked, now):
            return True
        return cached.revision == await self._revisions.recent(recipe.scope, recipe.groups)

    async def _compute(self, scope: str, recipe: Recipe) -> CachedResponse:
        at = self._clock()
        async with recipe.scope.reader.bounded():
            # Read before the numbers, so that it never claims more than they contain.
            as_of = await self._freshness.as_of(recipe.groups, recipe.zone)
            revision = None
            if recipe.policy.by_revision:
                revision = await self._revisions.current(recipe.scope, recipe.groups, at)
            body = to_json(await recipe.build(), inf_nan_mode="null").decode()
        return CachedResponse(scope, at, self._clock() - at, revision, dict(as_of), body)

    def _forget(self, key: CacheKey, lookup: _Lookup, done: asyncio.Future[Answer]) -> None:
        if self._lookups.get(key) is lookup:
            del self._lookups[key]
        if not done.cancelled():
            done.exception()  # retrieved, because all who waited for it may have gone


def response(request: Request, answer: CachedResponse, origin: Origin) -> Response:
    """The body with `as_of`, or 304 when the caller already has these numbers.

    The ETag covers the numbers alone, so freshness is also in the header `Daybook-As-Of`.
    """
    metrics.ANSWERS.labels(origin).inc()
    as_of = answer.as_of | {"is_stale": origin == "stale"}
    tag = f'W/"{hashlib.sha256(answer.body.encode()).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, X-Daybook-Key",
        "Daybook-As-Of": to_json(as_of).decode(),
    }
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    body = f'{answer.body[:-1]},"as_of":{headers["Daybook-As-Of"]}}}'
    return Response(body, 200, headers, "application/json")


def _matches(if_none_match: str, tag: str) -> bool:
    tags = (item.strip().removeprefix("W/") for item in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in tags
