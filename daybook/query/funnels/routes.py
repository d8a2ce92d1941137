"""The routes of the reports on funnels and their visitors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from daybook.query.answer.answers import Body
from daybook.query.answer.cache import REALTIME, REPORTS
from daybook.query.answer.parameters import (
    Compare,
    CursorParameter,
    Grain,
    Money,
    PageSize,
    Range,
    RecentRange,
    Requested,
)
from daybook.query.answer.report import OrganizationReport, Report
from daybook.query.examples import with_schema
from daybook.query.figures.money import CurrencyPreference
from daybook.query.figures.pagination import (
    NUMBER_MAX,
    SIZE,
    PageRequest,
    Pagination,
    parse_cursor,
)
from daybook.query.funnels.conversions import Conversions, conversions_report, load_conversions
from daybook.query.funnels.definition import load_definition
from daybook.query.funnels.dropoffs.report import DropOffs, drop_offs_report, load_drop_offs
from daybook.query.funnels.experiments.body import Experiments, Metric
from daybook.query.funnels.experiments.judged import load_judged
from daybook.query.funnels.experiments.life import span_of
from daybook.query.funnels.experiments.report import experiments_report, load_tests
from daybook.query.funnels.experiments.winner import Evaluation
from daybook.query.funnels.journey import (
    Journey,
    journey_report,
    load_complete_sessions,
    load_visitor_sessions,
    page_of,
)
from daybook.query.funnels.overview import (
    Overview,
    load_overview,
    load_overview_for_comparison,
    overview_report,
)
from daybook.query.funnels.realtime import Realtime, load_realtime
from daybook.query.funnels.revenue import Revenue, load_revenue, revenue_report
from daybook.query.funnels.revenue_basis import load_basis
from daybook.query.funnels.step import StepReport, is_step_seen, load_step, step_report
from daybook.query.problem import missing
from daybook.query.read import groups
from schemas.fields import Id

router = APIRouter(prefix="/api/v1/analytics", tags=["funnels"])
_MONEY = groups.FUNNEL_STEP + groups.REVENUE

FunnelId = Annotated[Id, Path(alias="id", description="id of the funnel")]
StepId = Annotated[Id, Path(description="id of a current or former step of the funnel")]
PageNumber = Annotated[int, Query(ge=1, le=NUMBER_MAX)]


def _page_request(
    page: PageNumber = 1, page_size: PageSize = SIZE, cursor: CursorParameter = None
) -> PageRequest:
    """Raises Problem (422) for an invalid cursor."""
    return PageRequest(page, page_size, None if cursor is None else parse_cursor(cursor))


Page = Annotated[PageRequest, Depends(_page_request)]
Sequential = Annotated[
    bool | None,
    Query(
        description="p-values and intervals that remain valid under repeated checks; by default "
        "for tests that are running"
    ),
]
ByMetric = Annotated[Metric, Query(description="the metric by which variants are compared")]
TestId = Annotated[Id | None, Query(description="id of one experiment; by default all")]


def _numbered_page(page: PageNumber = 1, page_size: PageSize = SIZE) -> PageRequest:
    return PageRequest(page, page_size)


NumberedPage = Annotated[PageRequest, Depends(_numbered_page)]
OptionalFunnelId = Annotated[
    Id | None, Query(description="only sessions in this funnel; by default in all")
]
VisitorId = Annotated[Id, Path(description="id of the visitor")]


def _preference(report: Report, currency: str | None) -> CurrencyPreference:
    return CurrencyPreference(report.currency, currency)


@router.get("/funnels/{id}/overview", **with_schema("funnels/overview", Overview))
async def funnel_overview(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: Range,
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Visitors, their sources, conversions, revenue and steps of a funnel."""

    async def build() -> Body:
        scope = report.scope
        funnel = await load_definition(scope, funnel_id)
        now = await load_overview(scope, funnel, span)
        before = span.previous()
        past = await load_overview_for_comparison(scope, funnel_id, before) if compare else None
        basis = await load_basis(scope, funnel)
        preference = _preference(report, currency)
        return overview_report(funnel, basis, span, now, past, preference).model_dump()

    return await report.answer(REPORTS, _MONEY, build)


@router.get("/funnels/{id}/steps/{step_id}", **with_schema("funnels/step", StepReport))
async def funnel_step(
    report: OrganizationReport,
    funnel_id: FunnelId,
    step_id: StepId,
    span: Range,
    granularity: Grain = "day",
    compare: Compare = None,
) -> Response:
    """A step in detail: entries, time spent, traffic sources, and paths in and out."""

    async def build() -> Body:
        scope, hours = report.scope, granularity == "hour"
        funnel = await load_definition(scope, funnel_id)
        if not funnel.has(step_id) and not await is_step_seen(scope, funnel_id, step_id):
            raise missing("step")
        ids = funnel_id, step_id
        now = await load_step(scope, *ids, span, hours=hours)
        past = await load_step(scope, *ids, span.previous()) if compare else None
        return step_report(funnel, step_id, span, granularity, now, past).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/conversions", **with_schema("funnels/conversions", Conversions))
async def funnel_conversions(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: RecentRange,
    page: Page,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Conversions by type, step, time and visitor."""

    async def build() -> Body:
        scope = report.scope
        funnel = await load_definition(scope, funnel_id)
        hours = granularity == "hour"
        now = await load_conversions(scope, funnel_id, span, page, hours=hours)
        past = await load_conversions(scope, funnel_id, span.previous()) if compare else None
        preference = _preference(report, currency)
        return conversions_report(
            funnel, span, granularity, now, page, past, preference
        ).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/dropoffs", **with_schema("funnels/dropoffs", DropOffs))
async def funnel_drop_offs(
    report: OrganizationReport, funnel_id: FunnelId, span: RecentRange, compare: Compare = None
) -> Response:
    """Where visitors drop off, with severity, reasons and suggestions."""

    async def build() -> Body:
        funnel = await load_definition(report.scope, funnel_id)
        now = await load_drop_offs(report.scope, funnel, span)
        past = await load_drop_offs(report.scope, funnel, span.previous(), with_evidence=False)
        return drop_offs_report(funnel, span, now, past, comparing=bool(compare)).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/ab-tests", **with_schema("funnels/ab-tests", Experiments))
async def funnel_experiments(
    report: OrganizationReport,
    funnel_id: FunnelId,
    requested: Requested,
    test_id: TestId = None,
    metric: ByMetric = "conversion_rate",
    sequential: Sequential = None,
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """A/B tests: each variant compared with the control, and the winner; by default of all days on
    which the tests ran."""

    async def build() -> Body:
        funnel = await load_definition(report.scope, funnel_id)
        tests = await load_tests(report.scope, funnel_id, test_id)
        if test_id is not None and not tests:
            raise missing("experiment")
        span = span_of(requested, tests)
        judged = await load_judged(report.scope, tests, await load_basis(report.scope, funnel))
        now = await judged.numbers(span)
        past = await judged.numbers(span.previous()) if compare else None
        evaluation = Evaluation(metric, sequential)
        return experiments_report(
            span, tests, judged.basis, now, evaluation, _preference(report, currency), past
        ).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP + groups.REVENUE, build)


@router.get("/funnels/{id}/revenue", **with_schema("funnels/revenue", Revenue))
async def funnel_revenue(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: RecentRange,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """A funnel's revenue by source, step, product and time."""

    async def build() -> Body:
        scope, preference = report.scope, _preference(report, currency)
        funnel = await load_definition(scope, funnel_id)
        now = await load_revenue(scope, funnel_id, span, hours=granularity == "hour")
        past = await load_revenue(scope, funnel_id, span.previous()) if compare else None
        basis = await load_basis(scope, funnel)
        return revenue_report(funnel, basis, span, granularity, now, past, preference).model_dump()

    return await report.answer(REPORTS, _MONEY, build)


@router.get("/funnels/{id}/realtime", **with_schema("funnels/realtime", Realtime))
async def funnel_realtime(
    report: OrganizationReport, funnel_id: FunnelId, currency: Money = None
) -> Response:
    """Current visitors, last events, and conversions of the last minutes."""

    async def build() -> Body:
        funnel = await load_definition(report.scope, funnel_id)
        return (await load_realtime(report, funnel, _preference(report, currency))).model_dump()

    return await report.answer(REALTIME, groups.FUNNEL_STEP, build)


@router.get("/visitors/{visitor_id}/journey", **with_schema("funnels/journey", Journey))
async def visitor_journey(
    report: OrganizationReport,
    visitor_id: VisitorId,
    page: NumberedPage,
    funnel_id: OptionalFunnelId = None,
) -> Response:
    """A visitor's sessions with their events, earliest first.

    A page has fewer sessions than `page_size` where these are large; `has_more` says if others
    follow on the next page.
    """

    async def build() -> Body:
        rows = await load_visitor_sessions(report.scope, visitor_id, funnel_id)
        ids, has_more = page_of(rows, page)
        complete = await load_complete_sessions(report.scope, ids)
        pagination = Pagination(
            page=page.number, page_size=page.size, has_more=has_more, next_cursor=None
        )
        return journey_report(
            visitor_id, rows, complete, pagination, report.now, report.zone
        ).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)
