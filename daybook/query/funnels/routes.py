"""The routes of the reports of funnels and of their visitors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from daybook.query.answer.answers import Body
from daybook.query.answer.cache import REALTIME, REPORTS
from daybook.query.answer.parameters import Compare, Money, Range, RecentRange
from daybook.query.answer.report import OrganizationReport, Report
from daybook.query.examples import documented
from daybook.query.figures.money import Wanted
from daybook.query.figures.pagination import NUMBER_MAX, SIZE, SIZE_MAX, PageRequest, place
from daybook.query.figures.series import FunnelGranularity
from daybook.query.funnels.conversions import Conversions, conversions_report, load_conversions
from daybook.query.funnels.definition import load_definition
from daybook.query.funnels.dropoffs.report import DropOffs, drop_offs_report, load_drop_offs
from daybook.query.funnels.experiments.body import Experiments, Metric
from daybook.query.funnels.experiments.report import experiments_report, load_test_days, load_tests
from daybook.query.funnels.experiments.winner import How
from daybook.query.funnels.journey import (
    Journey,
    journey_report,
    load_visitor_sessions,
    load_whole_sessions,
    page_of,
)
from daybook.query.funnels.overview import (
    Overview,
    load_overview,
    load_overview_before,
    overview_report,
)
from daybook.query.funnels.realtime import Realtime, load_realtime
from daybook.query.funnels.revenue import Revenue, load_revenue, revenue_report
from daybook.query.funnels.step import StepReport, is_step_seen, load_step, step_report
from daybook.query.problem import missing
from daybook.query.read import groups
from schemas.fields import Id

router = APIRouter(prefix="/api/v1/analytics", tags=["funnels"])
_MONEY = groups.FUNNEL_STEP + groups.REVENUE

FunnelId = Annotated[Id, Path(alias="id", description="the funnel")]
Grain = Annotated[FunnelGranularity, Query(description="weeks begin on Mondays")]
StepId = Annotated[Id, Path(description="a step of it, of today or of before")]
_CURSOR_MAX = 2_048
CursorParameter = Annotated[
    str | None,
    Query(max_length=_CURSOR_MAX, description="`next_cursor` of the page before, for `page`"),
]
PageSize = Annotated[int, Query(ge=1, le=SIZE_MAX)]
PageNumber = Annotated[int, Query(ge=1, le=NUMBER_MAX)]


def _asked(
    page: PageNumber = 1, page_size: PageSize = SIZE, cursor: CursorParameter = None
) -> PageRequest:
    """Raises Problem (422) for a cursor that is none."""
    return PageRequest(page, page_size, None if cursor is None else place(cursor))


Page = Annotated[PageRequest, Depends(_asked)]
Sequential = Annotated[
    bool, Query(description="p and intervals that hold however often they are looked at")
]
ByMetric = Annotated[Metric, Query(description="what a variant is judged by")]
TestId = Annotated[Id | None, Query(description="one experiment; else all")]


def _numbered(page: PageNumber = 1, page_size: PageSize = SIZE) -> PageRequest:
    return PageRequest(page, page_size)


NumberedPage = Annotated[PageRequest, Depends(_numbered)]
OfFunnel = Annotated[Id | None, Query(description="sessions in one funnel; else in all")]
VisitorId = Annotated[Id, Path(description="the visitor")]


def wanted(report: Report, currency: str | None) -> Wanted:
    return Wanted(report.currency, currency)


@router.get("/funnels/{id}/overview", **documented("overview", Overview))
async def funnel_overview(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: Range,
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """Who came, from where, who converted, and what it came to."""

    async def build() -> Body:
        scope = report.scope
        funnel = await load_definition(scope, funnel_id)
        now = await load_overview(scope, funnel_id, span)
        before = span.previous()
        past = await load_overview_before(scope, funnel_id, before) if compare else None
        return overview_report(funnel, span, now, past, wanted(report, currency)).model_dump()

    return await report.answer(REPORTS, _MONEY, build)


@router.get("/funnels/{id}/steps/{step_id}", **documented("step", StepReport))
async def funnel_step(
    report: OrganizationReport,
    funnel_id: FunnelId,
    step_id: StepId,
    span: Range,
    granularity: Grain = "day",
    compare: Compare = None,
) -> Response:
    """Who entered a step, how long they stayed, and where they came from and went."""

    async def build() -> Body:
        scope, hours = report.scope, granularity == "hour"
        funnel = await load_definition(scope, funnel_id)
        if not funnel.has(step_id) and not await is_step_seen(scope, funnel_id, step_id):
            raise missing("step")
        of = funnel_id, step_id
        now = await load_step(scope, *of, span, hours=hours)
        past = await load_step(scope, *of, span.previous()) if compare else None
        return step_report(funnel, step_id, span, granularity, now, past).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/conversions", **documented("conversions", Conversions))
async def funnel_conversions(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: RecentRange,
    asked: Page,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """How many conversions, of which type, at which step, when, and whose."""

    async def build() -> Body:
        scope = report.scope
        funnel = await load_definition(scope, funnel_id)
        hours = granularity == "hour"
        now = await load_conversions(scope, funnel_id, span, asked, hours=hours)
        past = await load_conversions(scope, funnel_id, span.previous()) if compare else None
        money = wanted(report, currency)
        return conversions_report(funnel, span, granularity, now, asked, past, money).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/dropoffs", **documented("dropoffs", DropOffs))
async def funnel_drop_offs(
    report: OrganizationReport, funnel_id: FunnelId, span: RecentRange, compare: Compare = None
) -> Response:
    """Where visitors are lost, how grave it is, why, and what to look at."""

    async def build() -> Body:
        funnel = await load_definition(report.scope, funnel_id)
        now = await load_drop_offs(report.scope, funnel_id, span)
        past = await load_drop_offs(report.scope, funnel_id, span.previous(), why=False)
        return drop_offs_report(funnel, span, now, past, comparing=bool(compare)).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/ab-tests", **documented("ab-tests", Experiments))
async def funnel_experiments(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: RecentRange,
    test_id: TestId = None,
    metric: ByMetric = "conversion_rate",
    sequential: Sequential = False,
    currency: Money = None,
) -> Response:
    """What each variant came to beside the control, and whether one has won."""

    async def build() -> Body:
        await load_definition(report.scope, funnel_id)
        tests = await load_tests(report.scope, funnel_id, test_id)
        if test_id is not None and not tests:
            raise missing("experiment")
        days = await load_test_days(report.scope, tests, span)
        how = How(metric, sequential)
        return experiments_report(span, tests, days, how, wanted(report, currency)).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/revenue", **documented("revenue", Revenue))
async def funnel_revenue(
    report: OrganizationReport,
    funnel_id: FunnelId,
    span: RecentRange,
    granularity: Grain = "day",
    compare: Compare = None,
    currency: Money = None,
) -> Response:
    """What a funnel earned: from which source, at which step, with which products, and when."""

    async def build() -> Body:
        scope, money = report.scope, wanted(report, currency)
        funnel = await load_definition(scope, funnel_id)
        now = await load_revenue(scope, funnel_id, span, hours=granularity == "hour")
        past = await load_revenue(scope, funnel_id, span.previous()) if compare else None
        return revenue_report(funnel, span, granularity, now, past, money).model_dump()

    return await report.answer(REPORTS, _MONEY, build)


@router.get("/funnels/{id}/realtime", **documented("realtime", Realtime))
async def funnel_realtime(
    report: OrganizationReport, funnel_id: FunnelId, currency: Money = None
) -> Response:
    """Who is there now, what happened last, and what was converted in the last minutes."""

    async def build() -> Body:
        funnel = await load_definition(report.scope, funnel_id)
        return (await load_realtime(report, funnel, wanted(report, currency))).model_dump()

    return await report.answer(REALTIME, groups.FUNNEL_STEP, build)


@router.get("/visitors/{visitor_id}/journey", **documented("journey", Journey))
async def visitor_journey(
    report: OrganizationReport,
    visitor_id: VisitorId,
    asked: NumberedPage,
    funnel_id: OfFunnel = None,
) -> Response:
    """What a visitor did, session by session, the earliest first."""

    async def build() -> Body:
        rows = await load_visitor_sessions(report.scope, visitor_id, funnel_id)
        shown = await load_whole_sessions(report.scope, page_of(rows, asked))
        return journey_report(visitor_id, rows, shown, asked, report.now, report.zone).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)
