"""How much a caller may ask of a service: a bucket of tokens in Redis, for all its processes."""

from dataclasses import dataclass

from daybook.engine.redis_client import QuickRedis, RedisAway
from daybook.engine.settings import Settings
from daybook.service.bunched import Bunched

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
class Taken:
    """`wait_ms` is 0 when the call may go on. `is_known` is false when Redis could not say.

    `is_suspect`: the caller was over the limit within the last minute.
    """

    wait_ms: int
    is_suspect: bool
    is_known: bool = True


_UNKNOWN = Taken(0, is_suspect=False, is_known=False)


class Rate:
    """The limit of a service: `rate` tokens a second, `burst` at once.

    Redis away: no limit, no waiting for it either, and it is asked again soon.
    """

    def __init__(self, settings: Settings, service: str, rate: int, burst: int) -> None:
        self._redis = QuickRedis(
            settings, "no rate limit: Redis does not answer", "rate limit again"
        )
        self._script = Bunched(self._redis.client, _TAKE)
        self._prefix = f"daybook:{service}:rate:"
        self._own = rate, burst

    async def take(self, bucket: str, tokens: int) -> Taken:
        """Takes that many tokens out of a bucket, or none. Raises nothing."""
        key = self._prefix + bucket
        try:
            wait_ms, suspect = await self._redis.ask(
                lambda _: self._script.call(key, *self._own, tokens, SUSPECT_SECONDS)
            )
        except RedisAway:
            return _UNKNOWN
        return Taken(int(wait_ms), bool(suspect))

    async def close(self) -> None:
        await self._redis.close()
