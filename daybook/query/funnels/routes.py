"""The routes of the reports of funnels and of their visitors."""

from fastapi import APIRouter, Response

from daybook.query.answer.answers import Body
from daybook.query.answer.keep import REALTIME, REPORTS
from daybook.query.answer.report import Compare, Money, OrganizationReport, Range, RecentRange
from daybook.query.examples.examples import documented
from daybook.query.funnels import facts, load, sessions
from daybook.query.funnels.conversions import conversions
from daybook.query.funnels.conversions_body import Conversions
from daybook.query.funnels.dropoffs.report import DropOffs, drop_offs
from daybook.query.funnels.experiments.body import Experiments
from daybook.query.funnels.experiments.report import experiments
from daybook.query.funnels.experiments.winner import How
from daybook.query.funnels.journey import Journey, journey, page_of
from daybook.query.funnels.now import happening
from daybook.query.funnels.overview import overview
from daybook.query.funnels.overview_body import Overview
from daybook.query.funnels.parameters import (
    ByMetric,
    FunnelId,
    Grain,
    NumberedPage,
    OfFunnel,
    Page,
    Sequential,
    StepId,
    TestId,
    VisitorId,
    wanted,
)
from daybook.query.funnels.realtime import Realtime
from daybook.query.funnels.revenue import revenue
from daybook.query.funnels.revenue_body import Revenue
from daybook.query.funnels.step import step_report
from daybook.query.funnels.step_body import StepReport
from daybook.query.problem import missing
from daybook.query.read import groups

router = APIRouter(prefix="/api/v1/analytics", tags=["funnels"])
_MONEY = groups.FUNNEL_STEP + groups.REVENUE


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
        funnel = await load.definition(scope, funnel_id)
        now = await facts.of_overview(scope, funnel_id, span)
        before = span.previous()
        past = await facts.of_overview_before(scope, funnel_id, before) if compare else None
        return overview(funnel, span, now, past, wanted(report, currency)).model_dump()

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
        funnel = await load.definition(scope, funnel_id)
        if not funnel.has(step_id) and not await load.is_seen(scope, funnel_id, step_id):
            raise missing("step")
        of = funnel_id, step_id
        now = await facts.of_step(scope, *of, span, hours=hours)
        past = await facts.of_step(scope, *of, span.previous()) if compare else None
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
        funnel = await load.definition(scope, funnel_id)
        hours = granularity == "hour"
        now = await facts.of_conversions(scope, funnel_id, span, asked, hours=hours)
        past = await facts.of_conversions(scope, funnel_id, span.previous()) if compare else None
        money = wanted(report, currency)
        return conversions(funnel, span, granularity, now, asked, past, money).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)


@router.get("/funnels/{id}/dropoffs", **documented("dropoffs", DropOffs))
async def funnel_drop_offs(
    report: OrganizationReport, funnel_id: FunnelId, span: RecentRange, compare: Compare = None
) -> Response:
    """Where visitors are lost, how grave it is, why, and what to look at."""

    async def build() -> Body:
        funnel = await load.definition(report.scope, funnel_id)
        now = await facts.of_drop_offs(report.scope, funnel_id, span)
        past = await facts.of_drop_offs(report.scope, funnel_id, span.previous(), why=False)
        return drop_offs(funnel, span, now, past, comparing=bool(compare)).model_dump()

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
        await load.definition(report.scope, funnel_id)
        tests = await load.tests_of(report.scope, funnel_id, test_id)
        if test_id is not None and not tests:
            raise missing("experiment")
        days = await load.test_days(report.scope, tests, span)
        how = How(metric, sequential)
        return experiments(span, tests, days, how, wanted(report, currency)).model_dump()

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
        funnel = await load.definition(scope, funnel_id)
        now = await facts.of_revenue(scope, funnel_id, span, hours=granularity == "hour")
        past = await facts.of_revenue(scope, funnel_id, span.previous()) if compare else None
        return revenue(funnel, span, granularity, now, past, money).model_dump()

    return await report.answer(REPORTS, _MONEY, build)


@router.get("/funnels/{id}/realtime", **documented("realtime", Realtime))
async def funnel_realtime(
    report: OrganizationReport, funnel_id: FunnelId, currency: Money = None
) -> Response:
    """Who is there now, what happened last, and what was converted in the last minutes."""

    async def build() -> Body:
        funnel = await load.definition(report.scope, funnel_id)
        return (await happening(report, funnel, wanted(report, currency))).model_dump()

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
        rows = await sessions.of_visitor(report.scope, visitor_id, funnel_id)
        shown = await sessions.whole(report.scope, page_of(rows, asked))
        return journey(visitor_id, rows, shown, asked, report.now, report.zone).model_dump()

    return await report.answer(REPORTS, groups.FUNNEL_STEP, build)
