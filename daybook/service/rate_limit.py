"""Rate limits: a token bucket per caller in Redis, shared by all processes of a service."""

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
"""A call that needs more tokens than the bucket can hold is allowed once the bucket is full, and
leaves it in debt; otherwise it would never be allowed."""


@dataclass(frozen=True, slots=True)
class RateDecision:
    """`wait_ms` is 0 when the call is allowed. `is_known` is false when Redis did not answer.

    `is_suspect`: the caller exceeded the limit within the last minute.
    """

    wait_ms: int
    is_suspect: bool
    is_known: bool = True


_UNKNOWN = RateDecision(0, is_suspect=False, is_known=False)


class RateLimiter:
    """Limits each caller of a service to `rate` tokens a second and `burst` at once.

    While Redis is unavailable, calls are neither limited nor delayed, and Redis is soon retried.
    """

    def __init__(self, settings: Settings, service: str, rate: int, burst: int) -> None:
        self._redis = FailFastRedis(
            settings, "rate limiting off: Redis unavailable", "rate limiting on again"
        )
        self._script = BatchedScript(self._redis.client, _TAKE)
        self._prefix = f"daybook:{service}:rate:"
        self._limits = rate, burst

    async def take(self, bucket: str, tokens: int) -> RateDecision:
        """Takes that many tokens out of a bucket, or none. Raises no exception."""
        key = self._prefix + bucket
        try:
            wait_ms, suspect = await self._redis.call(
                lambda _: self._script.call(key, *self._limits, tokens, SUSPECT_SECONDS)
            )
        except RedisUnavailable:
            return _UNKNOWN
        return RateDecision(int(wait_ms), bool(suspect))

    async def close(self) -> None:
        await self._redis.close()


PendingCall = tuple[str, tuple[int | str, ...], asyncio.Future[Any]]
"""Key, arguments, and the future that receives the result."""


class BatchedScript:
    """Calls one Lua script, with one key per call, in pipelined batches.

    A single call is sent at once; a busy event loop sends fewer and larger batches, so that each
    call costs it less. An instance belongs to one event loop.
    """

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source
        self._sha = ""
        self._pending: list[PendingCall] = []
        self._sending: asyncio.Task[None] | None = None

    async def call(self, key: str, *arguments: int | str) -> Any:
        """The script's result. Raises RedisError and OSError, for all calls of a failed batch."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending.append((key, arguments, future))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await future

    async def _send(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                try:
                    _resolve(batch, await self._run(batch))
                except Exception as error:
                    _resolve(batch, [error] * len(batch))
        finally:
            self._sending = None

    async def _run(self, batch: list[PendingCall]) -> list[Any]:
        """Results and errors, in the order of the calls."""
        self._sha = self._sha or await self._redis.script_load(self._source)
        results = await self._execute(batch)
        missed = [
            index for index, result in enumerate(results) if isinstance(result, NoScriptError)
        ]
        if missed:
            # Redis has restarted and lost the script; those calls have had no effect.
            self._sha = await self._redis.script_load(self._source)
            retried = await self._execute([batch[index] for index in missed])
            for index, result in zip(missed, retried, strict=True):
                results[index] = result
        return results

    async def _execute(self, batch: list[PendingCall]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for key, arguments, _ in batch:
            pipeline.evalsha(self._sha, 1, key, *arguments)
        return list(await pipeline.execute(raise_on_error=False))


def _resolve(batch: list[PendingCall], results: list[Any]) -> None:
    for (_, _, future), result in zip(batch, results, strict=True):
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
