"""The route of an organization's dashboard: its funnels, ticketed events and revenue."""

from typing import Any

from fastapi import APIRouter, Response

from daybook.engine.documents.fields import DailyDocument
from daybook.query.answer.cache import REPORTS
from daybook.query.answer.parameters import Compare, Money, RecentRange
from daybook.query.answer.report import NamedOrganizationReport
from daybook.query.examples import with_example
from daybook.query.figures.date_range import Span
from daybook.query.organizations.report import (
    Facts,
    Names,
    Sums,
    dashboard,
    merged,
    stages,
    top_events,
    top_funnels,
)
from daybook.query.platform.routes import Grain
from daybook.query.problem import missing
from daybook.query.read import groups
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay

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

    async def build() -> dict[str, Any]:
        scope = report.scope
        facts = await _facts(scope, span)
        is_empty = not (facts.funnels.days or facts.events.days)
        if scope.caller.is_admin and is_empty and not await _is_known(scope):
            raise missing("organization")
        before = await _facts(scope, span.previous()) if compare else None
        names = await _names(scope, facts)
        preference = report.currency, currency
        return dashboard(scope.organization, span, granularity, facts, before, names, preference)

    return await report.answer(REPORTS, groups.FUNNEL_STEP + groups.REVENUE, build)


async def _facts(scope: Scope, span: Span) -> Facts:
    models: tuple[type[DailyDocument], ...] = FunnelDay, FunnelRevenueDay, EventMetricsDay
    return Facts(*[await _sums(scope, span, model) for model in models])


async def _sums(scope: Scope, span: Span, model: type[DailyDocument]) -> Sums:
    """MongoDB adds up, because an organization may have thousands of documents a day."""
    days = {"date": span.dates}
    by_day, by_part = [
        merged(by, *[await scope.aggregate(model.collection, days, s) for s in stages(model, by)])
        for by in ("date", model.key[-1])
    ]
    return Sums(list(by_day.values()), by_part)


async def _names(scope: Scope, facts: Facts) -> Names:
    names = {}
    for collection, key, ids in (
        ("funnels", "funnel_id", top_funnels(facts)),
        ("ticketed_events", "event_id", top_events(facts)),
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
