"""Who is in a funnel now, what happened last, and what was converted in the last minutes."""

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
from daybook.query.figures.money import ANY, Wanted
from daybook.query.figures.totals import DayDocument, main_currency
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
    """People with an event in the last 30 minutes. At a step are those who have not left it."""

    total: int
    by_step: list[ActiveStep]


class RecentEvent(Body):
    event_type: str
    step_id: str | None
    timestamp: str
    session_id: str


class RecentConversions(Body):
    """`value_cents` in the report's currency; other currencies beside it."""

    count: int
    value_cents: int
    currency: str | None
    by_currency: dict[str, int]


class Realtime(Body):
    """`source` is `mongodb` while Redis does not answer: then steps are told from sessions."""

    funnel_id: str
    timestamp: str
    source: Literal["redis", "mongodb"]
    active_visitors: ActiveVisitors
    recent_events: list[RecentEvent]
    conversions_last_5min: RecentConversions


class Converted(NamedTuple):
    currency: str | None
    value_cents: int


class Happening(NamedTuple):
    """`recent`: the last events, the newest first, with times in UTC."""

    active: int
    by_step: dict[str, int]
    recent: Sequence[DayDocument]
    conversions: Sequence[Converted]


def realtime(
    definition: Definition,
    source: Literal["redis", "mongodb"],
    happening: Happening,
    now: datetime,
    zone: ZoneInfo,
    wanted: Wanted = ANY,
) -> Realtime:
    return Realtime(
        funnel_id=definition.funnel_id,
        timestamp=iso_timestamp(now, zone),
        source=source,
        active_visitors=ActiveVisitors(
            total=happening.active,
            by_step=[
                ActiveStep(
                    step_id=step.step_id,
                    step_name=step.name,
                    visitors=happening.by_step.get(step.step_id, 0),
                )
                for step in definition.with_seen(happening.by_step)
            ],
        ),
        recent_events=[_event(each, zone) for each in happening.recent],
        conversions_last_5min=_conversions(happening.conversions, wanted),
    )


def from_redis(
    active: int, by_step: dict[str, int], recent: Iterable[bytes], conversions: Iterable[bytes]
) -> Happening:
    """`recent` and `conversions`: members of the sorted sets, the newest first."""
    found = [json.loads(each) for each in conversions]
    return Happening(
        active,
        by_step,
        [json.loads(each) for each in recent],
        [Converted(each["currency"], each["value_cents"] or 0) for each in found],
    )


def from_sessions(sessions: Iterable[DayDocument], now: datetime) -> Happening:
    """From `funnel_sessions` with an event in the last 30 minutes.

    A visitor of several sessions is where he was last; who left a step, in whatever way, is at
    none until he enters another one.
    """
    latest: dict[str, DayDocument] = {}
    recent: list[dict[str, Any]] = []
    converted: list[Converted] = []
    for session in sessions:
        who = session["visitor_id"]
        if who not in latest or session["last_at"] > latest[who]["last_at"]:
            latest[who] = session
        recent += [_render_event(event, session) for event in session["events"]]
        converted += [
            Converted(each["currency"], int(each["value_cents"] or 0))
            for each in session["conversions"]
            if now - _CONVERSIONS < each["at"] <= now
        ]
    recent.sort(key=lambda event: event["at"], reverse=True)
    steps = Counter(step for session in latest.values() if (step := _place(session)) is not None)
    return Happening(len(latest), dict(steps), recent[:RECENT_KEPT], converted)


def _render_event(event: DayDocument, session: DayDocument) -> dict[str, Any]:
    return {
        "event_type": event["event_type"],
        "step_id": event["step_id"],
        "at": event["at"],
        "timestamp": event["at"].isoformat(),
        "session_id": session["session_id"],
    }


def _place(session: DayDocument) -> str | None:
    moves = [e for e in session["events"] if e["event_type"] in ("step_entry", "step_exit")]
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


def _conversions(found: Sequence[Converted], wanted: Wanted) -> RecentConversions:
    worth: Counter[str] = Counter()
    for each in found:
        if each.currency and each.value_cents:
            worth[each.currency] += each.value_cents
    currency = main_currency(worth, *wanted)
    return RecentConversions(
        count=len(found),
        value_cents=worth.get(currency or "", 0),
        currency=currency,
        by_currency={name: worth[name] for name in sorted(worth) if name != currency},
    )


async def load_realtime(report: Report, definition: Definition, wanted: Wanted) -> Realtime:
    """Raises Unavailable when neither answers."""
    now = report.now
    try:
        found = await report.live.call(lambda redis: _ask(redis, report, definition, now))
        return realtime(definition, "redis", found, now, report.zone, wanted)
    except RedisUnavailable:
        sessions = await load_active_sessions(report.scope, definition.funnel_id, now)
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


_ACTIVE_MAX = 10_000
_LAST_EVENTS = 50


async def load_active_sessions(scope: Scope, funnel_id: str, now: datetime) -> list[Document]:
    """Those with an event in the last 30 minutes, at most the newest ten thousand."""
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
