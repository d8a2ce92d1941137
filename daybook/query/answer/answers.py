"""What a report is answered with: its body, how fresh it is, and a tag by which it is known."""

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
from daybook.query.read.freshness import Freshness
from daybook.query.read.revisions import Revisions
from daybook.query.read.scope import Scope

Body = Mapping[str, Any]
Build = Callable[[], Awaitable[Body]]
Origin = Literal["made", "shared", "remembered", "stale"]
Found = tuple[CachedResponse, Origin]

PATIENCE_SECONDS = 2.0
"""Who has waited for so long is told the last answer that is known, marked as stale."""

UNCHECKED, UNCHECKED_SECONDS_MAX = 20, 5.0
"""For so many times as long as it took to make, an answer is told without asking whether documents
have changed: however fast they change, making it takes a twentieth of the time."""


class Making(NamedTuple):
    """How an answer is made: in which scope, from what these groups keep, told in which zone."""

    scope: Scope
    keep: CachePolicy
    groups: tuple[str, ...]
    zone: ZoneInfo
    build: Build


class _Finding:
    """An answer that is on its way, and the last one that is known."""

    def __init__(self, coroutine: Callable[["_Finding"], Awaitable[Found]]) -> None:
        self.before: CachedResponse | None = None
        self.task = asyncio.ensure_future(coroutine(self))


class Answers:
    """Finds or makes an answer once for everybody who asks for it meanwhile, and remembers it."""

    def __init__(
        self,
        freshness: Freshness,
        revisions: Revisions,
        remembered: ResponseCache,
        clock: Callable[[], float] = time,
    ) -> None:
        self._freshness = freshness
        self._revisions = revisions
        self._remembered = remembered
        self._clock = clock
        self._finding: dict[CacheKey, _Finding] = {}

    async def get(self, question: CacheKey, making: Making) -> Found:
        """Raises Unavailable, and what `build` raises.

        While MongoDB does not answer, or is slow, it is the last answer that is known, for up to
        an hour.
        """
        finding = self._finding.get(question)
        is_shared = finding is not None
        if finding is None:
            finding = _Finding(lambda own: self._find(question, making, own))
            self._finding[question] = finding
            finding.task.add_done_callback(lambda done: self._found(question, done))
        done, _ = await asyncio.wait([finding.task], timeout=PATIENCE_SECONDS)
        if not done and finding.before is not None:
            return finding.before, "stale"
        answer, origin = await asyncio.shield(finding.task)
        return answer, "shared" if is_shared and origin == "made" else origin

    async def _find(self, question: CacheKey, making: Making, finding: _Finding) -> Found:
        finding.before = before = await self._remembered.get(question)
        try:
            if before and await self._is_good(before, making):
                return before, "remembered"
            answer = await self._make(question.scope, making)
        except Unavailable:
            if before is None:
                raise
            return before, "stale"
        await self._remembered.put(question, answer, making.keep)
        return answer, "made"

    async def _is_good(self, before: CachedResponse, making: Making) -> bool:
        now, keep = self._clock(), making.keep
        if not before.is_fresh(keep.seconds, now):
            return False
        unchecked = min(before.took * UNCHECKED, UNCHECKED_SECONDS_MAX)
        if not keep.by_revision or before.is_fresh(unchecked, now):
            return True
        return before.revision == await self._revisions.known(making.scope, making.groups)

    async def _make(self, scope: str, making: Making) -> CachedResponse:
        at = self._clock()
        async with making.scope.reader.bounded():
            # Asked first: they may promise less than is in the numbers, never more.
            as_of = await self._freshness.of(making.groups, making.zone)
            revision = None
            if making.keep.by_revision:
                revision = await self._revisions.now(making.scope, making.groups, at)
            body = to_json(await making.build()).decode()
        return CachedResponse(scope, at, self._clock() - at, revision, dict(as_of), body)

    def _found(self, question: CacheKey, done: asyncio.Future[Found]) -> None:
        self._finding.pop(question, None)
        if not done.cancelled():
            done.exception()  # looked at, for everybody who waited may have gone


def response(request: Request, answer: CachedResponse, origin: Origin) -> Response:
    """The body with `as_of`, or 304 when the caller has these numbers already.

    The tag is that of the numbers alone; how fresh they are is told in a header as well.
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
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    body = f'{answer.body[:-1]},"as_of":{headers["Daybook-As-Of"]}}}'
    return Response(body, 200, headers, "application/json")


def _has(if_none_match: str, tag: str) -> bool:
    known = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in known
