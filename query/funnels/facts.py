"""What each report is made of: documents of its days, with the fields that it looks at."""

from asyncio import gather

from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from models.funnel_step import FunnelStepDay
from query.funnels.conversions import ConversionFacts
from query.funnels.dropoffs import DropOffFacts
from query.funnels.load import projection, sketches, step_days
from query.funnels.money import projected
from query.funnels.overview import Facts
from query.funnels.page import Asked
from query.funnels.revenue import RevenueFacts
from query.funnels.sessions import converted
from query.funnels.steps import StepFacts
from query.scope import Scope
from query.span import Span

_WITH_HOURS = {"_daybook": False}
_DAY = ("date", "unique_visitors", "conversions", "converting_visitors")
_OVERVIEW = (
    *_DAY, "visitors", "new_visitors", "returning_visitors", "page_views", "sessions",
    "bounced_sessions", "visit_seconds", "sources", "countries", "campaigns", "pages",
)  # fmt: skip
_STEP = (
    "date", "step_id", "visitors", "unique_visitors", "entries", "exits", "drop_offs", "reached",
    "conversions", "converting_visitors", "time_spent_seconds", "time_spent_count",
)  # fmt: skip
_DROP_OFFS = (
    "date", "step_id", "visitors", "entries", "drop_offs", "reached", "exits_by_outcome",
    "reasons_by_outcome", "time_histogram", "entry_paths",
)  # fmt: skip
_ORDERS = ("date", "orders", "refunded_orders", "units")
_ORDERS_MONEY = ("gross_revenue_cents", "refunded_cents", "orders")


async def of_overview(scope: Scope, funnel_id: str, span: Span) -> Facts:
    days, steps, orders, people = await gather(
        scope.days(
            FunnelDay, span, funnel_id, fields=projection(_OVERVIEW) | projected(["value_cents"])
        ),
        step_days(scope, funnel_id, span, _STEP),
        scope.days(
            FunnelRevenueDay,
            span,
            funnel_id,
            fields=projection(_ORDERS) | projected(_ORDERS_MONEY),
        ),
        sketches(scope, "funnel", funnel_id, span),
    )
    return Facts(days, steps, orders, people)


async def of_step(
    scope: Scope, funnel_id: str, step_id: str, span: Span, *, hours: bool = False
) -> StepFacts:
    fields = _WITH_HOURS if hours else None
    days, people = await gather(
        scope.days(FunnelStepDay, span, funnel_id, step_id, fields=fields),
        sketches(scope, "step", funnel_id, span, step_id),
    )
    return StepFacts(days, people)


async def of_conversions(
    scope: Scope, funnel_id: str, span: Span, asked: Asked | None = None
) -> ConversionFacts:
    """Without a page asked for, only what a period is compared by."""
    days = scope.days(FunnelDay, span, funnel_id, fields=_WITH_HOURS)
    if asked is None:
        return ConversionFacts(await days)
    return ConversionFacts(
        *await gather(
            days,
            step_days(scope, funnel_id, span, _STEP),
            converted(scope, funnel_id, span, asked),
        )
    )


async def of_drop_offs(scope: Scope, funnel_id: str, span: Span) -> DropOffFacts:
    fields = ["date", "attempts", "completions"]
    return DropOffFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=fields),
            step_days(scope, funnel_id, span, _DROP_OFFS),
        )
    )


async def of_revenue(scope: Scope, funnel_id: str, span: Span) -> RevenueFacts:
    return RevenueFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=_WITH_HOURS),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=_WITH_HOURS),
            step_days(scope, funnel_id, span, _STEP, money=True),
        )
    )
