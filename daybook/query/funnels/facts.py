"""What each report is made of: documents of its days, with the fields that it looks at."""

from asyncio import gather

from daybook.query.figures.date_range import Span
from daybook.query.figures.pagination import Asked
from daybook.query.figures.projections import (
    Projection,
    counts_of,
    money_of,
    projection,
    sums_by_key,
)
from daybook.query.funnels.conversions import ConversionFacts
from daybook.query.funnels.dropoffs.report import DropOffFacts
from daybook.query.funnels.load import sketches, step_days, step_sums
from daybook.query.funnels.overview import Facts
from daybook.query.funnels.revenue import RevenueFacts
from daybook.query.funnels.sessions import converted
from daybook.query.funnels.step import StepFacts
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from models.funnel_step import FunnelStepDay

_DAY = ("date", "unique_visitors", "conversions", "converting_visitors")
_OVERVIEW = (
    *_DAY, "visitors", "new_visitors", "returning_visitors", "page_views", "sessions",
    "bounced_sessions", "visit_seconds",
)  # fmt: skip
_FROM = ("sources", "countries", "campaigns", "pages")
_WHO = ("visitors", "conversions")
_STEP_COUNTS = (
    "visitors", "unique_visitors", "entries", "exits", "drop_offs", "reached", "conversions",
    "converting_visitors", "time_spent_seconds", "time_spent_count",
)  # fmt: skip
_STEP = ("date", "step_id", *_STEP_COUNTS)
_STEP_MAPS = ("time_histogram", "entry_paths", "exit_paths", "sources", "devices", "browsers")
_DROP_OFFS = ("date", "step_id", "visitors", "entries", "drop_offs", "reached")
_WHY = ("exits_by_outcome", "reasons_by_outcome", "entry_paths")
_ORDERS = ("date", "orders", "refunded_orders", "units")
_ORDERS_MONEY = ("gross_revenue_cents", "refunded_cents", "orders")


async def of_overview(scope: Scope, funnel_id: str, span: Span) -> Facts:
    days = scope.of_days(FunnelDay, span, funnel_id)
    by_key = [
        scope.aggregate(FunnelDay.collection, days, sums_by_key(name, _WHO)) for name in _FROM
    ]
    own, steps, rows = await gather(
        of_overview_before(scope, funnel_id, span),
        step_sums(scope, funnel_id, span, _STEP_COUNTS),
        gather(*by_key),
    )
    return own._replace(steps=steps, rows=dict(zip(_FROM, rows, strict=True)))


async def of_overview_before(scope: Scope, funnel_id: str, span: Span) -> Facts:
    """Only what a period is compared by."""
    own = projection(_OVERVIEW) | money_of(["value_cents"])
    paid = projection(_ORDERS) | money_of(_ORDERS_MONEY)
    return Facts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=own),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=paid),
            sketches(scope, "funnel", funnel_id, span),
        )
    )


async def of_step(
    scope: Scope, funnel_id: str, step_id: str, span: Span, *, hours: bool = False
) -> StepFacts:
    own = projection(_STEP) | counts_of(_STEP_MAPS) | _hours(hours)
    days, people = await gather(
        scope.days(FunnelStepDay, span, funnel_id, step_id, fields=own),
        sketches(scope, "step", funnel_id, span, step_id),
    )
    return StepFacts(days, people)


async def of_conversions(
    scope: Scope, funnel_id: str, span: Span, asked: Asked | None = None, *, hours: bool = False
) -> ConversionFacts:
    """Without a page asked for, only what a period is compared by."""
    money = money_of(["value_cents", "conversions_by_type"])
    own = projection([*_DAY, "conversions_by_type"]) | money | _hours(hours)
    days = scope.days(FunnelDay, span, funnel_id, fields=own)
    if asked is None:
        return ConversionFacts(await days)
    return ConversionFacts(
        *await gather(
            days,
            step_sums(scope, funnel_id, span, _STEP_COUNTS),
            converted(scope, funnel_id, span, asked),
        )
    )


async def of_drop_offs(
    scope: Scope, funnel_id: str, span: Span, *, why: bool = True
) -> DropOffFacts:
    """Of a period that others are held against, only how many there were."""
    days = projection(["date", "attempts", "completions"])
    steps = projection(_DROP_OFFS)
    if why:
        steps |= projection(_WHY) | counts_of(["time_histogram"])
    return DropOffFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=days),
            step_days(scope, funnel_id, span, steps),
        )
    )


async def of_revenue(
    scope: Scope, funnel_id: str, span: Span, *, hours: bool = False
) -> RevenueFacts:
    own = projection(_DAY) | money_of(["value_cents", "sources"]) | _hours(hours)
    paid = {"_daybook": False} if hours else None
    return RevenueFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=own),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=paid),
            step_days(scope, funnel_id, span, projection(_STEP) | money_of(["value_cents"])),
        )
    )


def _hours(asked: bool) -> Projection:
    return projection(["hours"]) if asked else {}
