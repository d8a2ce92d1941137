"""Who is in a funnel now, what happened last, and what was converted in the last minutes."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from daybook.funnels.live.redis_keys import ACTIVE_MS, CONVERSIONS_MS, RECENT_KEPT
from daybook.query.figures.body import Body
from daybook.query.figures.date_range import told
from daybook.query.figures.money import ANY, Document, Wanted
from daybook.query.figures.totals import main_currency
from daybook.query.funnels.definition import Definition

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
    recent: Sequence[Document]
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
        timestamp=told(now, zone),
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


def from_sessions(sessions: Iterable[Document], now: datetime) -> Happening:
    """From `funnel_sessions` with an event in the last 30 minutes.

    A visitor of several sessions is where he was last; who left a step, in whatever way, is at
    none until he enters another one.
    """
    latest: dict[str, Document] = {}
    recent: list[dict[str, Any]] = []
    converted: list[Converted] = []
    for session in sessions:
        who = session["visitor_id"]
        if who not in latest or session["last_at"] > latest[who]["last_at"]:
            latest[who] = session
        recent += [_told(event, session) for event in session["events"]]
        converted += [
            Converted(each["currency"], int(each["value_cents"] or 0))
            for each in session["conversions"]
            if now - _CONVERSIONS < each["at"] <= now
        ]
    recent.sort(key=lambda event: event["at"], reverse=True)
    steps = Counter(step for session in latest.values() if (step := _place(session)) is not None)
    return Happening(len(latest), dict(steps), recent[:RECENT_KEPT], converted)


def _told(event: Document, session: Document) -> dict[str, Any]:
    return {
        "event_type": event["event_type"],
        "step_id": event["step_id"],
        "at": event["at"],
        "timestamp": event["at"].isoformat(),
        "session_id": session["session_id"],
    }


def _place(session: Document) -> str | None:
    moves = [e for e in session["events"] if e["event_type"] in ("step_entry", "step_exit")]
    if not moves:
        return None
    last = max(moves, key=lambda event: event["at"])
    step: str | None = last["step_id"] if last["event_type"] == "step_entry" else None
    return step


def _event(event: Document, zone: ZoneInfo) -> RecentEvent:
    return RecentEvent(
        event_type=event["event_type"],
        step_id=event["step_id"],
        timestamp=told(datetime.fromisoformat(event["timestamp"]).astimezone(UTC), zone),
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
