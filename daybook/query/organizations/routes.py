"""The route of an organization's dashboard: its funnels, ticketed events and revenue."""

from asyncio import gather
from collections.abc import Mapping, Set
from typing import Any

from fastapi import APIRouter, Response

from daybook.engine.documents.fields import DailyDocument
from daybook.query.answer.cache import REPORTS
from daybook.query.answer.parameters import Compare, Grain, Money, RecentRange
from daybook.query.answer.report import NamedOrganizationReport
from daybook.query.examples import with_example
from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import DayDocument
from daybook.query.organizations.report import (
    MODELS,
    Days,
    Facts,
    Names,
    Parts,
    Sums,
    dashboard,
    merged,
    stages,
    top_events,
    top_funnels,
)
from daybook.query.problem import missing, wrong
from daybook.query.read import groups
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay
from models.funnel import FunnelDay

router = APIRouter(prefix="/api/v1/analytics/organizations/{organization}", tags=["organizations"])


@router.get("/dashboard", **with_example("dashboard"))
async def organization_dashboard(
    report: NamedOrganizationReport,
    span: RecentRange,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Totals, funnels and ticketed events of an organization, by default of the last 30 days."""
    if granularity == "hour":
        raise wrong("granularity", "this report has no hours, because it adds up whole days")

    async def build() -> dict[str, Any]:
        scope = report.scope
        with_orders = await _with_orders(scope)
        sums, parts = await gather(_by_day(scope, span, with_orders), _sums(scope, span))
        is_empty = not any(
            sums.days[model] for model in (FunnelDay, EventMetricsDay, EventRevenueDay)
        )
        if scope.caller.is_admin and is_empty and not await _is_known(scope):
            raise missing("organization")
        before = await _by_day(scope, span.previous(), with_orders) if compare else None
        facts = Facts(sums, parts, with_orders, await _names(scope, parts, with_orders))
        preference = report.currency, currency
        return dashboard(scope.organization, span, granularity, facts, before, preference)

    return await report.answer(REPORTS, groups.FUNNEL_STEP + groups.REVENUE, build)


async def _with_orders(scope: Scope) -> Set[str]:
    """The ticketed events of which an order was ever paid."""
    by_event = [{"$group": {"_id": "$event_id"}}]
    rows = await scope.aggregate(EventRevenueDay.collection, {}, by_event)
    return {row["_id"] for row in rows}


async def _by_day(scope: Scope, span: Span, with_orders: Set[str]) -> Sums:
    days = _values(await _sums(scope, span, "date"))
    if not with_orders:
        return Sums(days, days[EventMetricsDay])
    others = {"date": span.dates, "event_id": {"$nin": sorted(with_orders)}}
    rows = [
        await scope.aggregate(EventMetricsDay.collection, others, each)
        for each in stages(EventMetricsDay, "date")
    ]
    return Sums(days, list(merged("date", *rows).values()))


async def _sums(
    scope: Scope, span: Span, by: str | None = None
) -> dict[type[DailyDocument], dict[Any, DayDocument]]:
    """The sums of each model by day, or by funnel and ticketed event.

    MongoDB adds up, because an organization may have thousands of documents a day.
    """

    async def sums(model: type[DailyDocument]) -> dict[Any, DayDocument]:
        key, days = by or model.key[-1], {"date": span.dates}
        rows = [scope.aggregate(model.collection, days, each) for each in stages(model, key)]
        return merged(key, *await gather(*rows))

    return dict(zip(MODELS, await gather(*map(sums, MODELS)), strict=True))


def _values(sums: Mapping[type[DailyDocument], Mapping[Any, DayDocument]]) -> Days:
    return {model: list(by_day.values()) for model, by_day in sums.items()}


async def _names(scope: Scope, parts: Parts, with_orders: Set[str]) -> Names:
    names = {}
    for collection, key, ids in (
        ("funnels", "funnel_id", top_funnels(parts)),
        ("ticketed_events", "event_id", top_events(parts, with_orders)),
    ):
        listed = {"_id": {"$in": [scope.id(one) for one in ids]}}
        for row in await scope.find(collection, listed, fields=[key, "name", "status"]):
            names[key, row[key]] = row
    return names


async def _is_known(scope: Scope) -> bool:
    """Whether the organization has published a definition, or traffic has named one of its own."""
    where = {"_id": scope.beneath()}
    found = [
        await scope.find(collection, where, fields=["_id"], limit=1)
        for collection in ("funnels", "ticketed_events")
    ]
    return any(found)
