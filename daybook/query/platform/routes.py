"""The routes of the platform's reports: users, orders, revenue."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from daybook.engine.documents.fields import DailyDocument, scalar_fields
from daybook.query.answer.cache import REPORTS
from daybook.query.answer.parameters import Compare, Grain, Money, Range
from daybook.query.answer.report import PlatformReport, Report
from daybook.query.examples import with_example
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.platform import report as bodies
from daybook.query.read import groups
from daybook.query.read.mongo import Document
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from models.user_lifecycle import UserLifecycleDay

router = APIRouter(prefix="/api/v1/analytics", tags=["platform"])


@router.get("/user-lifecycle", **with_example("user-lifecycle"))
async def user_lifecycle(
    report: PlatformReport, span: Range, granularity: Grain = "day", compare: Compare = None
) -> Response:
    """Registrations and later events of user accounts, such as verifications and sign-ins."""
    return await _series_report(
        report, UserLifecycleDay, groups.USER_LIFECYCLE, span, granularity, compare
    )


@router.get("/order-funnel", **with_example("order-funnel"))
async def order_funnel(
    report: PlatformReport, span: Range, granularity: Grain = "day", compare: Compare = None
) -> Response:
    """Orders at each stage, from creation to delivery."""
    return await _series_report(
        report, OrderFunnelDay, groups.ORDER_FUNNEL, span, granularity, compare
    )


@router.get("/revenue", **with_example("revenue"))
async def revenue(
    report: PlatformReport,
    span: Range,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Gross, refunded and net revenue, by community and promotion."""

    async def build() -> bodies.Body:
        fields = {"_daybook": False} if granularity == "hour" else None
        days = await report.scope.days(RevenueDay, span, fields=fields)
        before = await _before(report, RevenueDay, span, compare)
        return bodies.revenue_body(span, granularity, days, before, report.currency, currency)

    return await report.answer(REPORTS, groups.REVENUE, build)


async def _series_report(
    report: Report,
    model: type[DailyDocument],
    group: tuple[str, ...],
    span: Span,
    granularity: Granularity,
    compare: str | None,
) -> Response:
    async def build() -> bodies.Body:
        fields = ["date", *scalar_fields(model), *(["hours"] if granularity == "hour" else [])]
        days = await report.scope.days(model, span, fields=fields)
        before = await _before(report, model, span, compare)
        return bodies.series_body(model, span, granularity, days, before)

    return await report.answer(REPORTS, group, build)


async def _before(
    report: Report, model: type[DailyDocument], span: Span, compare: str | None
) -> Sequence[Document] | None:
    return await report.scope.days(model, span.previous()) if compare else None
