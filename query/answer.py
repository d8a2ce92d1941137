"""What a report is answered with: its body, how fresh it is, and a tag by which it is known."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from pydantic_core import to_json

from engine.errors import Unavailable
from query import metrics
from query.freshness import Freshness
from query.keep import Keep
from query.reader import Reader
from query.remembered import Answer, Question, Remembered

Body = Mapping[str, Any]
Build = Callable[[], Awaitable[Body]]
Origin = Literal["made", "shared", "remembered", "stale"]


class Answers:
    """Finds or makes an answer once for everybody who asks for it meanwhile, and remembers it."""

    def __init__(
        self,
        reader: Reader,
        freshness: Freshness,
        remembered: Remembered,
        clock: Callable[[], float] = time,
    ) -> None:
        self._reader = reader
        self._freshness = freshness
        self._remembered = remembered
        self._clock = clock
        self._finding: dict[Question, asyncio.Task[tuple[Answer, Origin]]] = {}

    async def get(
        self, question: Question, keep: Keep, groups: tuple[str, ...], zone: ZoneInfo, build: Build
    ) -> tuple[Answer, Origin]:
        """`groups` are those that keep the numbers. Raises Unavailable, and what `build` raises.

        While MongoDB does not answer it is the last answer that is known, for up to an hour.
        """
        task = self._finding.get(question)
        if task is not None:
            answer, origin = await asyncio.shield(task)
            return answer, "shared" if origin == "made" else origin
        task = asyncio.create_task(self._find(question, keep, groups, zone, build))
        self._finding[question] = task
        task.add_done_callback(lambda done: self._found(question, done))
        return await asyncio.shield(task)

    async def _find(
        self, question: Question, keep: Keep, groups: tuple[str, ...], zone: ZoneInfo, build: Build
    ) -> tuple[Answer, Origin]:
        before = await self._remembered.get(question)
        if before and before.is_fresh(keep, self._clock()):
            return before, "remembered"
        try:
            answer = await self._make(question, groups, zone, build)
        except Unavailable:
            if before is None:
                raise
            return before, "stale"
        await self._remembered.put(question, answer, keep)
        return answer, "made"

    async def _make(
        self, question: Question, groups: tuple[str, ...], zone: ZoneInfo, build: Build
    ) -> Answer:
        at = self._clock()
        async with self._reader.bounded():
            # Asked first: it may promise less than is in the numbers, never more.
            as_of = await self._freshness.of(groups, zone)
            body = to_json(await build()).decode()
        return Answer(question.scope, at, dict(as_of), body)

    def _found(self, question: Question, done: asyncio.Task[tuple[Answer, Origin]]) -> None:
        self._finding.pop(question, None)
        if not done.cancelled():
            done.exception()  # looked at, for everybody who waited may have gone


def response(request: Request, answer: Answer, origin: Origin) -> Response:
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
