"""The realtime report: current visitors, last events, and conversions of the last minutes."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from daybook.engine.documents.keys import encode_part
from daybook.engine.redis_client import RedisUnavailable
from daybook.funnels.live.redis_keys import (
    ACTIVE_MS,
    CONVERSIONS_MS,
    RECENT_KEPT,
    funnel_active,
    funnel_conversions,
    funnel_recent,
)
from daybook.query.answer.report import Report
from daybook.query.figures.body import Body
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.figures.money import ANY, CurrencyPreference
from daybook.query.figures.totals import DayDocument, choose_currency
from daybook.query.funnels.definition import Definition
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.session import Sessions

ACTIVE = timedelta(milliseconds=ACTIVE_MS)
_CONVERSIONS = timedelta(milliseconds=CONVERSIONS_MS)


class ActiveStep(Body):
    step_id: str
    step_name: str
    visitors: int


class ActiveVisitors(Body):
    """People with an event in the last 30 minutes, and those at each step who have not left it."""

    total: int
    by_step: list[ActiveStep]


class RecentEvent(Body):
    event_type: str
    step_id: str | None
    timestamp: str
    session_id: str


class RecentConversions(Body):
    """`value_cents` is in the report's currency; others are in `by_currency`."""

    count: int
    value_cents: int
    currency: str | None
    by_currency: dict[str, int]


class Realtime(Body):
    """`source` is `mongodb` while Redis is unavailable; steps are then derived from sessions."""

    funnel_id: str
    timestamp: str
    source: Literal["redis", "mongodb"]
    active_visitors: ActiveVisitors
    recent_events: list[RecentEvent]
    conversions_last_5min: RecentConversions


class RecentConversion(NamedTuple):
    currency: str | None
    value_cents: int


class Activity(NamedTuple):
    """`recent`: the last events, newest first, with times in UTC."""

    active: int
    by_step: dict[str, int]
    recent: Sequence[DayDocument]
    conversions: Sequence[RecentConversion]


def realtime(
    definition: Definition,
    source: Literal["redis", "mongodb"],
    activity: Activity,
    now: datetime,
    zone: ZoneInfo,
    preference: CurrencyPreference = ANY,
) -> Realtime:
    return Realtime(
        funnel_id=definition.funnel_id,
        timestamp=iso_timestamp(now, zone),
        source=source,
        active_visitors=ActiveVisitors(
            total=activity.active,
            by_step=[
                ActiveStep(
                    step_id=step.step_id,
                    step_name=step.name,
                    visitors=activity.by_step.get(step.step_id, 0),
                )
                for step in definition.with_seen(activity.by_step)
            ],
        ),
        recent_events=[_event(event, zone) for event in activity.recent],
        conversions_last_5min=_conversions(activity.conversions, preference),
    )


def from_redis(
    active: int, by_step: dict[str, int], recent: Iterable[bytes], conversions: Iterable[bytes]
) -> Activity:
    """`recent` and `conversions`: members of the sorted sets, newest first."""
    converted = [json.loads(member) for member in conversions]
    return Activity(
        active,
        by_step,
        [json.loads(member) for member in recent],
        [RecentConversion(item["currency"], item["value_cents"] or 0) for item in converted],
    )


def from_sessions(sessions: Iterable[DayDocument], now: datetime) -> Activity:
    """From `funnel_sessions` with an event in the last 30 minutes.

    A visitor with several sessions is at the step of the latest one. A visitor who has left a step
    is at no step until they enter another one.
    """
    latest: dict[str, DayDocument] = {}
    recent: list[dict[str, Any]] = []
    converted: list[RecentConversion] = []
    for session in sessions:
        visitor = session["visitor_id"]
        if visitor not in latest or session["last_at"] > latest[visitor]["last_at"]:
            latest[visitor] = session
        recent += [_render_event(event, session) for event in session["events"]]
        converted += [
            RecentConversion(item["currency"], int(item["value_cents"] or 0))
            for item in session["conversions"]
            if now - _CONVERSIONS < item["at"] <= now
        ]
    recent.sort(key=lambda event: event["at"], reverse=True)
    steps = Counter(
        step for session in latest.values() if (step := _current_step(session)) is not None
    )
    return Activity(len(latest), dict(steps), recent[:RECENT_KEPT], converted)


def _render_event(event: DayDocument, session: DayDocument) -> dict[str, Any]:
    return {
        "event_type": event["event_type"],
        "step_id": event["step_id"],
        "at": event["at"],
        "timestamp": event["at"].isoformat(),
        "session_id": session["session_id"],
    }


def _current_step(session: DayDocument) -> str | None:
    moves = [
        event for event in session["events"] if event["event_type"] in ("step_entry", "step_exit")
    ]
    if not moves:
        return None
    last = max(moves, key=lambda event: event["at"])
    step: str | None = last["step_id"] if last["event_type"] == "step_entry" else None
    return step


def _event(event: DayDocument, zone: ZoneInfo) -> RecentEvent:
    return RecentEvent(
        event_type=event["event_type"],
        step_id=event["step_id"],
        timestamp=iso_timestamp(datetime.fromisoformat(event["timestamp"]).astimezone(UTC), zone),
        session_id=event["session_id"],
    )


def _conversions(
    conversions: Sequence[RecentConversion], preference: CurrencyPreference
) -> RecentConversions:
    values: Counter[str] = Counter()
    for conversion in conversions:
        if conversion.currency and conversion.value_cents:
            values[conversion.currency] += conversion.value_cents
    currency = choose_currency(values, *preference)
    return RecentConversions(
        count=len(conversions),
        value_cents=values.get(currency or "", 0),
        currency=currency,
        by_currency={name: values[name] for name in sorted(values) if name != currency},
    )


async def load_realtime(
    report: Report, definition: Definition, preference: CurrencyPreference
) -> Realtime:
    """From Redis, or from MongoDB if Redis does not answer. Raises Unavailable if neither does."""
    now = report.now
    try:
        activity = await report.live.call(lambda redis: _read(redis, report, definition, now))
        return realtime(definition, "redis", activity, now, report.zone, preference)
    except RedisUnavailable:
        sessions = await load_active_sessions(report.scope, definition.funnel_id, now)
        activity = from_sessions(sessions, now)
        return realtime(definition, "mongodb", activity, now, report.zone, preference)


async def _read(redis: "Redis", report: Report, definition: Definition, now: datetime) -> Activity:
    """In one round trip. Entries outside their window are ignored, even if not yet removed."""
    funnel = report.scope.organization, definition.funnel_id
    now_ms = round(now.timestamp() * 1_000)
    since, steps = f"({now_ms - ACTIVE_MS}", [step.step_id for step in definition.all_versions()]
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zcount(funnel_active(*funnel), since, "+inf")
        pipe.zrevrangebyscore(funnel_recent(*funnel), "+inf", since, 0, RECENT_KEPT)
        pipe.zrevrangebyscore(funnel_conversions(*funnel), "+inf", f"({now_ms - CONVERSIONS_MS}")
        for step in steps:
            pipe.zcount(f"{funnel_active(*funnel)}:{encode_part(step)}", since, "+inf")
        answers: list[Any] = await pipe.execute()
    active, recent, conversions, *at_steps = answers
    return from_redis(active, dict(zip(steps, at_steps, strict=True)), recent, conversions)


_ACTIVE_MAX = 10_000
_LAST_EVENTS = 50


async def load_active_sessions(scope: Scope, funnel_id: str, now: datetime) -> list[Document]:
    """Sessions with an event in the last 30 minutes, at most the 10,000 newest."""
    return await scope.find(
        Sessions.collection,
        {"funnel_id": funnel_id, "last_at": {"$gt": now - ACTIVE}},
        fields={
            "visitor_id": True,
            "session_id": True,
            "last_at": True,
            "conversions": True,
            "events": {"$slice": -_LAST_EVENTS},
        },
        order=[("last_at", -1)],
        limit=_ACTIVE_MAX,
    )
