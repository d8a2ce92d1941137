"""Calls of a Redis script: those that come while others are on their way go together, next."""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

Asked = tuple[str, tuple[int, ...], asyncio.Future[Any]]


class Bunched:
    """One script on one key a call. A single call goes at once; a loop that is busy sends fewer,
    larger bunches, so that a call costs it less. Of one event loop."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source
        self._sha = ""
        self._asked: list[Asked] = []
        self._sending: asyncio.Task[None] | None = None

    async def call(self, key: str, *arguments: int) -> Any:
        """What the script returns. Raises RedisError and OSError, of all calls of a bunch alike."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.append((key, arguments, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await answer

    async def _send(self) -> None:
        try:
            while self._asked:
                bunch, self._asked = self._asked, []
                try:
                    _tell(bunch, await self._run(bunch))
                except Exception as error:
                    _tell(bunch, [error] * len(bunch))
        finally:
            self._sending = None

    async def _run(self, bunch: list[Asked]) -> list[Any]:
        """Answers and errors, in the order of the calls."""
        self._sha = self._sha or await self._redis.script_load(self._source)
        found = await self._execute(bunch)
        again = [index for index, one in enumerate(found) if isinstance(one, NoScriptError)]
        if again:
            # Redis was started anew since; a call that found no script has done nothing.
            self._sha = await self._redis.script_load(self._source)
            for index, one in zip(
                again, await self._execute([bunch[i] for i in again]), strict=True
            ):
                found[index] = one
        return found

    async def _execute(self, bunch: list[Asked]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for key, arguments, _ in bunch:
            pipeline.evalsha(self._sha, 1, key, *arguments)
        return list(await pipeline.execute(raise_on_error=False))


def _tell(bunch: list[Asked], found: list[Any]) -> None:
    for (_, _, answer), one in zip(bunch, found, strict=True):
        if answer.done():
            continue
        if isinstance(one, Exception):
            answer.set_exception(one)
        else:
            answer.set_result(one)
