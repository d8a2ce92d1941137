"""What happens in a funnel now, as Redis has it, or MongoDB while Redis is away."""

from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from daybook.engine.documents.keys import encode_part
from daybook.engine.redis_client import RedisAway
from daybook.funnels.live.redis_keys import (
    ACTIVE_MS,
    CONVERSIONS_MS,
    RECENT_KEPT,
    funnel_active,
    funnel_conversions,
    funnel_recent,
)
from daybook.query.answer.report import Report
from daybook.query.figures.money import Wanted
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.realtime import Happening, Realtime, from_redis, from_sessions, realtime
from daybook.query.funnels.sessions import active


async def happening(report: Report, definition: Definition, wanted: Wanted) -> Realtime:
    """Raises Unavailable when neither answers."""
    now = report.now
    try:
        found = await report.live.ask(lambda redis: _ask(redis, report, definition, now))
        return realtime(definition, "redis", found, now, report.zone, wanted)
    except RedisAway:
        sessions = await active(report.scope, definition.funnel_id, now)
        found = from_sessions(sessions, now)
        return realtime(definition, "mongodb", found, now, report.zone, wanted)


async def _ask(redis: "Redis", report: Report, definition: Definition, now: datetime) -> Happening:
    """In one round trip. What is past its window counts no more, trimmed or not."""
    of = report.scope.organization, definition.funnel_id
    now_ms = round(now.timestamp() * 1_000)
    since, steps = f"({now_ms - ACTIVE_MS}", [step.step_id for step in definition.ever()]
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zcount(funnel_active(*of), since, "+inf")
        pipe.zrevrangebyscore(funnel_recent(*of), "+inf", since, 0, RECENT_KEPT)
        pipe.zrevrangebyscore(funnel_conversions(*of), "+inf", f"({now_ms - CONVERSIONS_MS}")
        for step in steps:
            pipe.zcount(f"{funnel_active(*of)}:{encode_part(step)}", since, "+inf")
        answers: list[Any] = await pipe.execute()
    everybody, recent, conversions, *at = answers
    return from_redis(everybody, dict(zip(steps, at, strict=True)), recent, conversions)
