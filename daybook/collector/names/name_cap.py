"""Limits the unpublished names that public keys may bring into an organization's reports.

Anybody can read a web page's key and send any funnel, step or ticketed event with it. Each name is
a document a day, so without a limit one caller could fill the organization's reports with names
that mean nothing. Names beyond the limit become `other` before the event is sent to Kafka: the log
holds what is counted, and a recount needs no rule of its own.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeGuard

from daybook.collector import metrics
from daybook.collector.names.published import Published, PublishedNames
from daybook.engine.redis_client import FailFastRedis, RedisUnavailable
from daybook.engine.settings import Settings
from daybook.service.rate_limit import BatchedScript

NAMES_MAX = 200
"""Unpublished funnels, steps and ticketed events each, by organization and day (UTC)."""

OTHER = "other"

_ID_CHARS_MAX = 128
_KEPT_SECONDS = 2 * 24 * 3600
_ADMIT = """
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


@dataclass(slots=True)
class _Names:
    """What this process knows of one organization's names of one kind and day."""

    admitted: set[str] = field(default_factory=set)
    is_full: bool = False


class NameCap:
    """The limit is shared by all collectors through Redis; without Redis each counts its own."""

    def __init__(self, settings: Settings, published: PublishedNames) -> None:
        self._redis = FailFastRedis(
            settings,
            "unpublished names are limited by this process alone: Redis unavailable",
            "unpublished names are limited across collectors again",
        )
        self._script = BatchedScript(self._redis.client, _ADMIT)
        self._prefix = f"daybook:collector:names:{settings.mongodb_database}"
        self._published = published
        self._day: date | None = None
        self._names: dict[tuple[str, str], _Names] = {}

    async def apply(self, organization: str, data: dict[str, Any], today: date) -> None:
        """Replaces names of the event's `data` beyond the limit by `other`, in place."""
        if not data.keys() & {"funnel_id", "event_id"}:
            return
        published = await self._published.get(organization)
        if published is None:
            return  # MongoDB has never answered: what is published cannot be told from the rest
        if today != self._day:
            self._day, self._names = today, {}
        await self._apply_funnel(organization, data, published)
        event = data.get("event_id")
        if _is_id(event) and event not in published.events:
            data["event_id"] = await self._admit(organization, "event", event, event)

    async def _apply_funnel(
        self, organization: str, data: dict[str, Any], published: Published
    ) -> None:
        funnel = data.get("funnel_id")
        if not _is_id(funnel):
            return
        if funnel not in published.funnels:
            funnel = data["funnel_id"] = await self._admit(organization, "funnel", funnel, funnel)
        for name in ("step_id", "previous_step_id", "next_step_id"):
            step = data.get(name)
            if _is_id(step) and (funnel, step) not in published.steps:
                # An id has no spaces, so the pair is unambiguous.
                data[name] = await self._admit(organization, "step", f"{funnel} {step}", step)

    async def _admit(self, organization: str, kind: str, name: str, value: str) -> str:
        """The value, or `other` if the day's names of this kind are used up."""
        names = self._names.setdefault((organization, kind), _Names())
        if value == OTHER or name in names.admitted:
            return value
        if not names.is_full and await self._is_admitted(organization, kind, name, names):
            names.admitted.add(name)
            return value
        if name in names.admitted:
            return value
        metrics.NAMES_CAPPED.labels(kind).inc()
        return OTHER

    async def _is_admitted(self, organization: str, kind: str, name: str, names: _Names) -> bool:
        key = f"{self._prefix}:{self._day}:{kind}:{organization}"
        try:
            if await self._redis.call(
                lambda _: self._script.call(key, name, NAMES_MAX, _KEPT_SECONDS)
            ):
                return True
            # Full for all collectors: after this one reading, no call asks Redis again today.
            members = await self._redis.call(lambda redis: redis.smembers(key))
            names.admitted |= {m.decode() if isinstance(m, bytes) else m for m in members}
        except RedisUnavailable:
            return len(names.admitted) < NAMES_MAX
        names.is_full = True
        return False

    async def close(self) -> None:
        await self._redis.close()


def _is_id(value: object) -> TypeGuard[str]:
    """Whether it may be a valid id; the schema refuses all others."""
    return isinstance(value, str) and len(value) <= _ID_CHARS_MAX
