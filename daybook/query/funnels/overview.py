"""The overview of a funnel: visitors, their sources, conversions, revenue and steps."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.money import ANY, CurrencyPreference, day_amount, others
from daybook.query.figures.projections import counts_of, money_of, projection
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.shares import TOP, Rest
from daybook.query.figures.totals import DayDocument, counts, total
from daybook.query.figures.uniques import Uniques, count_uniques
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.load import FUNNEL_FIELDS, STEP_COUNTS, load_sketches, load_step_sums
from daybook.query.funnels.overview_splits import (
    BREAKDOWNS,
    SPLITS,
    BotReason,
    Browser,
    Campaign,
    Channel,
    Country,
    Device,
    LandingPage,
    Page,
    Source,
    load_sums,
    split,
    top_pages,
)
from daybook.query.funnels.overview_steps import OverviewStep, overview_steps
from daybook.query.funnels.revenue_basis import Basis, RevenueBasis, choose_basis
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay


class Facts(NamedTuple):
    """Documents of one period: `analytics_funnel`, `…_funnel_revenue` and `…_uniques`.

    `steps`: the sums of `…_funnel_step`, one row for each step. `rows`: the sums of each
    breakdown, one row for each key.
    """

    days: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    sketches: Sequence[DayDocument]
    steps: Sequence[DayDocument] = ()
    rows: Mapping[str, Sequence[DayDocument]] = MappingProxyType({})


class OtherMoney(Body):
    value_cents: int
    revenue_cents: int


class Engagement(Body):
    page_views: int
    sessions: int
    bounced_sessions: int
    bounce_rate: float | None
    avg_visit_seconds: int | None


class Revenue(Body):
    """`per_visitor_cents` is based on the sum of the days' unique visitors, like the rates."""

    total_cents: int
    per_visitor_cents: int | None
    per_conversion_cents: int | None


class Conversions(Body):
    """`rate`: converting visitors over unique visitors, each summed over the days."""

    total: int
    rate: float | None
    value_cents: int
    converting_visitors: int


class Visitors(Body):
    """`total` counts sessions by day; `unique` counts people of the whole range."""

    total: int
    unique: int
    new: int
    returning: int


class Overview(Body):
    funnel_id: str
    funnel_name: str
    period: Period
    currency: str | None
    basis: Basis
    visitors: Visitors
    uniques: Uniques
    conversions: Conversions
    revenue: Revenue
    engagement: Engagement
    steps: list[OverviewStep]
    top_pages: list[Page]
    sources: list[Source]
    channels: list[Channel]
    campaigns: list[Campaign]
    countries: list[Country]
    devices: list[Device]
    browsers: list[Browser]
    landing_pages: list[LandingPage]
    bots: list[BotReason]
    others: dict[str, Rest]
    by_currency: dict[str, OtherMoney]
    previous: Previous | None = None
    change: Changes | None = None


def overview_report(
    definition: Definition,
    span: Span,
    facts: Facts,
    before: Facts | None = None,
    preference: CurrencyPreference = ANY,
) -> Overview:
    """`before`: the preceding period, for a comparison."""
    money = choose_basis(facts.days, facts.orders)
    currency = money.currency(preference)
    people = count_uniques(facts.days, facts.sketches)
    parts = _numbers(facts, money, people, currency)
    comparison: dict[str, Any] = {}
    if before is not None:
        earlier = choose_basis(before.days, before.orders, money.basis)
        past = _numbers(before, earlier, count_uniques(before.days, before.sketches), currency)
        comparison["previous"], comparison["change"] = compare_parts(
            span.previous().period, parts, past
        )
    splits = {field: split(field, facts.rows[field]) for field in SPLITS}
    rows: dict[str, Any] = {field: rows for field, (rows, _) in splits.items()}
    return Overview(
        funnel_id=definition.funnel_id,
        funnel_name=definition.name,
        period=Period(**span.period),
        currency=currency,
        basis=money.basis,
        uniques=people,
        **parts,
        **rows,
        steps=overview_steps(definition, facts.steps),
        top_pages=top_pages(facts.rows["pages"]),
        bots=[
            BotReason(reason=reason, events=events)
            for reason, events in by_name(counts(facts.days, "bots"))[:TOP]
        ],
        others={field: remainder for field, (_, remainder) in splits.items()},
        by_currency={
            other: OtherMoney(
                value_cents=day_amount(facts.days, "value_cents", other),
                revenue_cents=money.gross_cents(other),
            )
            for other in _other_currencies(facts, money, currency)
        },
        **comparison,
    )


def _numbers(
    facts: Facts, money: RevenueBasis, people: Uniques, currency: str | None
) -> dict[str, Any]:
    """The parts of the report that are compared with the preceding period."""
    days = facts.days
    new, converting = total(days, "new_visitors"), total(days, "converting_visitors")
    conversions, gross = total(days, "conversions"), money.gross_cents(currency)
    sessions, bounced = total(days, "sessions"), total(days, "bounced_sessions")
    return {
        "visitors": Visitors(
            total=total(days, "visitors"),
            unique=people.count,
            new=new,
            returning=max(0, people.count - new),
        ),
        "conversions": Conversions(
            total=conversions,
            rate=rate(converting, people.by_day),
            value_cents=day_amount(days, "value_cents", currency),
            converting_visitors=converting,
        ),
        "revenue": Revenue(
            total_cents=gross,
            per_visitor_cents=average(gross, people.by_day),
            per_conversion_cents=average(gross, conversions),
        ),
        "engagement": Engagement(
            page_views=total(days, "page_views"),
            sessions=sessions,
            bounced_sessions=bounced,
            bounce_rate=rate(bounced, sessions),
            avg_visit_seconds=average(total(days, "visit_seconds"), sessions),
        ),
    }


def _other_currencies(facts: Facts, money: RevenueBasis, currency: str | None) -> list[str]:
    return sorted({*money.others(currency), *others(facts.days, "value_cents", currency)})


_OVERVIEW = (
    *FUNNEL_FIELDS, "visitors", "new_visitors", "returning_visitors", "page_views", "sessions",
    "bounced_sessions", "visit_seconds",
)  # fmt: skip
ORDER_FIELDS = ("date", "orders", "refunded_orders", "units")
ORDER_MONEY = ("gross_revenue_cents", "refunded_cents", "orders")


async def load_overview(scope: Scope, funnel_id: str, span: Span) -> Facts:
    days = scope.days_filter(FunnelDay, span, funnel_id)
    sums = [load_sums(scope, FunnelDay.collection, days, field) for field in BREAKDOWNS]
    compared, steps, rows = await gather(
        load_overview_for_comparison(scope, funnel_id, span),
        load_step_sums(scope, funnel_id, span, STEP_COUNTS),
        gather(*sums),
    )
    return compared._replace(steps=steps, rows=dict(zip(BREAKDOWNS, rows, strict=True)))


async def load_overview_for_comparison(scope: Scope, funnel_id: str, span: Span) -> Facts:
    """Only the documents that a comparison needs."""
    fields = projection(_OVERVIEW) | counts_of(["bots"]) | money_of(["value_cents"])
    order_fields = projection(ORDER_FIELDS) | money_of(ORDER_MONEY)
    return Facts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=fields),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=order_fields),
            load_sketches(scope, "funnel", funnel_id, span),
        )
    )
