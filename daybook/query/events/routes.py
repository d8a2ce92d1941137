"""The routes of a ticketed event's reports."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from daybook.engine.documents.fields import scalar_fields
from daybook.engine.redis_client import RedisUnavailable
from daybook.funnels.live.redis_keys import (
    ACTIVE_MS,
    CHECKOUT,
    RECENT_KEPT,
    event_active,
    event_recent,
    event_totals,
)
from daybook.query.answer.cache import REALTIME, REPORTS
from daybook.query.answer.parameters import Compare, Grain, Money, RecentRange
from daybook.query.answer.report import OrganizationReport, Report
from daybook.query.events import report as bodies
from daybook.query.events.emails import load_emails
from daybook.query.events.sales import Days, basis_of, load_all_orders
from daybook.query.examples import with_example
from daybook.query.figures.date_range import Span, iso_timestamp
from daybook.query.problem import missing
from daybook.query.read import groups
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay
from models.uniques import Uniques, periods
from schemas.fields import Id

router = APIRouter(prefix="/api/v1/analytics/events/{event_id}", tags=["events"])

EventId = Annotated[Id, Path(description="id of a ticketed event")]
_FIELDS = ["event_id", "date", "currencies", *scalar_fields(EventMetricsDay)]


@router.get("/metrics", **with_example("event-metrics"))
async def metrics(
    report: OrganizationReport,
    event_id: EventId,
    span: RecentRange,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Views, sales and admissions of a ticketed event, by default of the last 30 days.

    `basis` says what tickets and revenue are taken from: paid orders, once there was one, else the
    purchases that pages report.
    """

    async def build() -> dict[str, Any]:
        event = await load_ticketed_event(report.scope, event_id)
        all_days = await _all_days(report.scope, event_id)
        facts = await _facts(report.scope, event_id, span, hours=granularity == "hour")
        before = await _facts(report.scope, event_id, span.previous()) if compare else None
        preference = report.currency, currency
        basis = basis_of(all_days.ordered)
        body = bodies.metrics_body(event, basis, span, granularity, facts, before, preference)
        return body | {"occupancy": bodies.occupancy(event, all_days, report.now)}

    return await report.answer(REPORTS, groups.FUNNEL_STEP + groups.REVENUE, build)


@router.get("/live", **with_example("event-live"))
async def live(report: OrganizationReport, event_id: EventId, currency: Money = None) -> Response:
    """Today's totals so far and current visitors; `source` names the server they come from.

    What orders sold comes from MongoDB.
    """

    async def build() -> dict[str, Any]:
        event = await load_ticketed_event(report.scope, event_id)
        all_days = await _all_days(report.scope, event_id)
        basis, preference = basis_of(all_days.ordered), (report.currency, currency)
        today, source = await _today(report, event_id)
        visitors, checkouts = await _present(report, event_id)
        return {
            **bodies.event_fields(event, report.zone),
            "timestamp": iso_timestamp(report.now, report.zone),
            "source": source,
            **bodies.today(basis, today, preference, report.now.date(), report.zone),
            "active_visitors": visitors,
            "active_checkouts": checkouts,
            "recent_events": await _recent(report, event_id),
            "occupancy": bodies.occupancy(event, all_days, report.now),
        }

    return await report.answer(REALTIME, groups.FUNNEL_STEP + groups.REVENUE, build)


async def load_ticketed_event(scope: Scope, event_id: str) -> Document:
    """The event's definition, or only its ids if just traffic or orders mention it.

    Raises Problem (404).
    """
    event = await scope.find_one("ticketed_events", {"_id": scope.id(event_id)})
    if event is not None:
        return event
    days = {"_id": scope.beneath(event_id)}
    for model in (EventMetricsDay, EventRevenueDay):
        day = await scope.find_one(model.collection, days, ["organization_id", "event_id"])
        if day is not None:
            return day
    raise missing("event")


async def _facts(scope: Scope, event_id: str, span: Span, *, hours: bool = False) -> bodies.Facts:
    fields = [*_FIELDS, "hours"] if hours else _FIELDS
    tracked = await scope.days(EventMetricsDay, span, event_id, fields=fields)
    emails = await load_emails(scope, event_id, span)
    ordered = await scope.days(
        EventRevenueDay, span, event_id, fields={"_daybook": False} if hours else None
    )
    sketch_periods = periods(span.first.isoformat(), span.last.isoformat())
    sketches = {
        kind: await scope.find(
            Uniques.collection,
            {"kind": kind, "id": event_id, "period": {"$in": sketch_periods}},
            fields=["sketch", "_daybook.model"],
        )
        for kind in bodies.KINDS.values()
    }
    return bodies.Facts(Days([*tracked, *emails], ordered), sketches)


async def _all_days(scope: Scope, event_id: str) -> Days:
    days = {"_id": scope.beneath(event_id)}
    fields = ["tickets_sold", "admissions"]
    tracked = await scope.find(EventMetricsDay.collection, days, fields=fields)
    return Days(tracked, await load_all_orders(scope, event_id))


async def _today(report: Report, event_id: str) -> tuple[Days, str]:
    """Today's documents, and the source of what is tracked: Redis, or MongoDB if Redis has no hash
    of today."""
    today = report.now.date()
    span = Span(today, today, report.fleet_zone, report.zone)
    ordered = await report.scope.days(EventRevenueDay, span, event_id)
    emails = await load_emails(report.scope, event_id, span)
    try:
        stored = await report.live.hash(event_totals(report.scope.organization, event_id))
    except RedisUnavailable:
        stored = {}
    if stored.get("date") == today.isoformat():
        return Days([bodies.document_from_hash(stored), *emails], ordered), "redis"
    tracked = await report.scope.days(
        EventMetricsDay, span, event_id, fields=[*_FIELDS, "updated_at"]
    )
    return Days([*tracked, *emails], ordered), "mongodb"


async def _recent(report: Report, event_id: str) -> list[dict[str, Any]] | None:
    """The last 50 events of the last 30 minutes, newest first; None while Redis is unavailable."""
    key = event_recent(report.scope.organization, event_id)
    since = f"({int(report.now.timestamp() * 1000) - ACTIVE_MS}"
    try:
        members: list[Any] = await report.live.call(
            lambda redis: redis.zrevrangebyscore(key, "+inf", since, 0, RECENT_KEPT)
        )
    except RedisUnavailable:
        return None
    return [bodies.recent_event(json.loads(member), report.zone) for member in members]


async def _present(report: Report, event_id: str) -> tuple[int | None, int | None]:
    """Visitors of the last 30 minutes, and those in a checkout; None while Redis is unavailable."""
    key = event_active(report.scope.organization, event_id)
    since = f"({int(report.now.timestamp() * 1000) - ACTIVE_MS}"
    try:
        active = await report.live.call(lambda redis: redis.zcount(key, since, "+inf"))
        checkout = f"{key}:{CHECKOUT}"
        checkouts = await report.live.call(lambda redis: redis.zcount(checkout, since, "+inf"))
    except RedisUnavailable:
        return None, None
    return active, checkouts
