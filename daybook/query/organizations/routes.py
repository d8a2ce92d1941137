"""The route of an organization's dashboard: its funnels, ticketed events and revenue."""

from typing import Any

from fastapi import APIRouter, Response

from daybook.query.answer.cache import REPORTS
from daybook.query.answer.parameters import Compare, Money, RecentRange
from daybook.query.answer.report import NamedOrganizationReport
from daybook.query.examples import with_example
from daybook.query.figures.date_range import Span
from daybook.query.organizations.report import FIELDS, Facts, dashboard
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
        if scope.caller.is_admin and not (facts.names or facts.funnels or facts.events):
            raise missing("organization")
        before = await _facts(scope, span.previous()) if compare else None
        preference = report.currency, currency
        return dashboard(scope.organization, span, granularity, facts, before, preference)

    return await report.answer(REPORTS, groups.FUNNEL_STEP + groups.REVENUE, build)


async def _facts(scope: Scope, span: Span) -> Facts:
    days = {"date": span.dates}
    documents = {
        model: await scope.find(model.collection, days, fields=FIELDS[model])
        for model in (FunnelDay, FunnelRevenueDay, EventMetricsDay)
    }
    names: dict[tuple[str, str], dict[str, Any]] = {}
    for collection, key in (("funnels", "funnel_id"), ("ticketed_events", "event_id")):
        all_ids = {"_id": scope.beneath()}
        for row in await scope.find(collection, all_ids, fields=[key, "name", "status"]):
            names[key, row[key]] = row
    return Facts(
        documents[FunnelDay], documents[FunnelRevenueDay], documents[EventMetricsDay], names
    )
