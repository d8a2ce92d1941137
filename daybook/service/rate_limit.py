"""How much a caller may ask of a service: a bucket of tokens in Redis, for all its processes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from daybook.engine.redis_client import FailFastRedis, RedisUnavailable
from daybook.engine.settings import Settings

SUSPECT_SECONDS = 60

_TAKE = """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost, suspect = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'refused')
local tokens = tonumber(bucket[1]) or burst
local at = tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local needed = math.min(cost, burst)
local wait = 0
local refused = tonumber(bucket[3])
if tokens >= needed then
  tokens = tokens - cost
else
  wait = math.ceil((needed - tokens) * 1000 / rate)
  refused = now
  redis.call('HSET', KEYS[1], 'refused', refused)
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * 1000 / rate) + suspect * 1000)
local recently = refused and now - refused < suspect * 1000
return {wait, recently and 1 or 0}
"""
"""A batch larger than the bucket takes all of it and leaves it in debt, so that it has its turn."""


@dataclass(frozen=True, slots=True)
class RateDecision:
    """`wait_ms` is 0 when the call may go on. `is_known` is false when Redis could not say.

    `is_suspect`: the caller was over the limit within the last minute.
    """

    wait_ms: int
    is_suspect: bool
    is_known: bool = True


_UNKNOWN = RateDecision(0, is_suspect=False, is_known=False)


class Rate:
    """The limit of a service: `rate` tokens a second, `burst` at once.

    Redis away: no limit, no waiting for it either, and it is asked again soon.
    """

    def __init__(self, settings: Settings, service: str, rate: int, burst: int) -> None:
        self._redis = FailFastRedis(
            settings, "no rate limit: Redis does not answer", "rate limit again"
        )
        self._script = BatchedScript(self._redis.client, _TAKE)
        self._prefix = f"daybook:{service}:rate:"
        self._own = rate, burst

    async def take(self, bucket: str, tokens: int) -> RateDecision:
        """Takes that many tokens out of a bucket, or none. Raises nothing."""
        key = self._prefix + bucket
        try:
            wait_ms, suspect = await self._redis.call(
                lambda _: self._script.call(key, *self._own, tokens, SUSPECT_SECONDS)
            )
        except RedisUnavailable:
            return _UNKNOWN
        return RateDecision(int(wait_ms), bool(suspect))

    async def close(self) -> None:
        await self._redis.close()


Asked = tuple[str, tuple[int, ...], asyncio.Future[Any]]


class BatchedScript:
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
                    _resolve(bunch, await self._run(bunch))
                except Exception as error:
                    _resolve(bunch, [error] * len(bunch))
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


def _resolve(bunch: list[Asked], found: list[Any]) -> None:
    for (_, _, answer), one in zip(bunch, found, strict=True):
        if answer.done():
            continue
        if isinstance(one, Exception):
            answer.set_exception(one)
        else:
            answer.set_result(one)
