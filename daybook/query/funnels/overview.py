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
from daybook.query.figures.people import People, Users, count_people
from daybook.query.figures.projections import counts_of, money_of, projection
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.shares import TOP, Rest
from daybook.query.figures.totals import DayDocument, counts, total
from daybook.query.figures.uniques import (
    Uniques,
    count_converting,
    count_uniques,
    rate_of_people,
)
from daybook.query.funnels.definition import Basis, Definition
from daybook.query.funnels.load import (
    FUNNEL_FIELDS,
    STEP_COUNTS,
    load_people,
    load_step_sums,
    load_users,
)
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
from daybook.query.funnels.progress import Progress, load_progress
from daybook.query.funnels.revenue_basis import RevenueBasis, revenue_by
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay


class Facts(NamedTuple):
    """Documents of one period: `analytics_funnel`, `…_funnel_revenue`, and `…_uniques` of visitors
    and of those who converted.

    `users`: the visitors' users. `steps`: the sums of `…_funnel_step`, one row for each step.
    `rows`: the sums of each breakdown, one row for each key. `progress`: how attempts went on, by
    step.
    """

    days: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    sketches: Sequence[DayDocument]
    converting: Sequence[DayDocument] = ()
    users: Users = Users()
    steps: Sequence[DayDocument] = ()
    rows: Mapping[str, Sequence[DayDocument]] = MappingProxyType({})
    progress: Mapping[str, Progress] = MappingProxyType({})


class OtherMoney(Body):
    """`revenue_cents` by the funnel's basis; the others as in `conversions` and `revenue`."""

    value_cents: int
    revenue_cents: int
    order_revenue_cents: int
    refunded_cents: int


class Engagement(Body):
    page_views: int
    sessions: int
    bounced_sessions: int
    bounce_rate: float | None
    avg_visit_seconds: int | None


class Revenue(Body):
    """`total_cents` by the funnel's basis: what orders paid, or the values of conversions.

    `per_visitor_cents` divides it by the people of the range, `per_conversion_cents` by the sales
    of that basis. `order_revenue_cents` and `refunded_cents` are of orders, whatever the basis.
    """

    total_cents: int
    order_revenue_cents: int
    refunded_cents: int
    per_visitor_cents: int | None
    per_conversion_cents: int | None


class Conversions(Body):
    """`rate`: people who converted over people who visited, in the whole range, with its bounds.

    `daily_conversion_rate`: the same for single days: the days' converting visitors over their
    unique visitors, each summed over the days.
    """

    total: int
    rate: float | None
    rate_lower: float | None
    rate_upper: float | None
    daily_conversion_rate: float | None
    value_cents: int
    converting_visitors: int


class Visitors(Body):
    """`total` counts sessions by day; `unique` counts visitors of the whole range.

    `unique_people`: the same, except that the visitors of one user are one person; null if some of
    the days were counted before users were.
    """

    total: int
    unique: int
    unique_people: int | None
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
    converting_uniques: Uniques
    unique_people: People | None
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
    basis: Basis,
    span: Span,
    facts: Facts,
    before: Facts | None = None,
    preference: CurrencyPreference = ANY,
) -> Overview:
    """`before`: the preceding period, for a comparison."""
    money = revenue_by(basis, facts.days, facts.orders)
    currency = money.currency(preference)
    distinct = _distinct(facts)
    parts = _numbers(facts, money, distinct, currency)
    comparison: dict[str, Any] = {}
    if before is not None:
        earlier = revenue_by(basis, before.days, before.orders)
        past = _numbers(before, earlier, _distinct(before), currency)
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
        uniques=distinct.visiting,
        converting_uniques=distinct.converting,
        unique_people=distinct.people,
        **parts,
        **rows,
        steps=overview_steps(definition, facts.steps, facts.progress),
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
                order_revenue_cents=day_amount(facts.orders, "gross_revenue_cents", other),
                refunded_cents=day_amount(facts.orders, "refunded_cents", other),
            )
            for other in _other_currencies(facts, currency)
        },
        **comparison,
    )


class _Distinct(NamedTuple):
    """The visitors of a period, those who converted, and the people that the visitors are."""

    visiting: Uniques
    converting: Uniques
    people: People | None


def _distinct(facts: Facts) -> _Distinct:
    visiting = count_uniques(facts.days, facts.sketches)
    return _Distinct(
        visiting,
        count_converting(facts.days, facts.converting),
        count_people(facts.days, visiting, facts.users),
    )


def _numbers(
    facts: Facts, money: RevenueBasis, distinct: _Distinct, currency: str | None
) -> dict[str, Any]:
    """The parts of the report that are compared with the preceding period."""
    days, visiting, converting = facts.days, distinct.visiting, distinct.converting
    new = total(days, "new_visitors")
    converted = rate_of_people(converting, visiting)
    conversions, gross = total(days, "conversions"), money.gross_cents(currency)
    sessions, bounced = total(days, "sessions"), total(days, "bounced_sessions")
    return {
        "visitors": Visitors(
            total=total(days, "visitors"),
            unique=visiting.count,
            unique_people=distinct.people.count if distinct.people else None,
            new=new,
            returning=max(0, visiting.count - new),
        ),
        "conversions": Conversions(
            total=conversions,
            rate=converted.rate,
            rate_lower=converted.lower,
            rate_upper=converted.upper,
            daily_conversion_rate=rate(converting.by_day, visiting.by_day),
            value_cents=day_amount(days, "value_cents", currency),
            converting_visitors=converting.count,
        ),
        "revenue": Revenue(
            total_cents=gross,
            order_revenue_cents=day_amount(facts.orders, "gross_revenue_cents", currency),
            refunded_cents=day_amount(facts.orders, "refunded_cents", currency),
            per_visitor_cents=average(gross, visiting.count),
            per_conversion_cents=money.average_cents(currency),
        ),
        "engagement": Engagement(
            page_views=total(days, "page_views"),
            sessions=sessions,
            bounced_sessions=bounced,
            bounce_rate=rate(bounced, sessions),
            avg_visit_seconds=average(total(days, "visit_seconds"), sessions),
        ),
    }


def _other_currencies(facts: Facts, currency: str | None) -> list[str]:
    of_orders = others(facts.orders, ("gross_revenue_cents", "refunded_cents"), currency)
    return sorted({*of_orders, *others(facts.days, ("value_cents",), currency)})


_OVERVIEW = (
    *FUNNEL_FIELDS, "visitors", "new_visitors", "returning_visitors", "page_views", "sessions",
    "bounced_sessions", "visit_seconds", "named_visitors", "_daybook.model",
)  # fmt: skip
ORDER_FIELDS = ("date", "orders", "refunded_orders", "units")
ORDER_MONEY = ("gross_revenue_cents", "refunded_cents", "orders")


async def load_overview(scope: Scope, definition: Definition, span: Span) -> Facts:
    funnel_id = definition.funnel_id
    days = scope.days_filter(FunnelDay, span, funnel_id)
    sums = [load_sums(scope, FunnelDay.collection, days, field) for field in BREAKDOWNS]
    compared, steps, progress, rows = await gather(
        load_overview_for_comparison(scope, funnel_id, span),
        load_step_sums(scope, funnel_id, span, STEP_COUNTS),
        load_progress(scope, definition, span),
        gather(*sums),
    )
    by_key = dict(zip(BREAKDOWNS, rows, strict=True))
    return compared._replace(steps=steps, rows=by_key, progress=progress)


async def load_overview_for_comparison(scope: Scope, funnel_id: str, span: Span) -> Facts:
    """Only the documents that a comparison needs."""
    fields = projection(_OVERVIEW) | counts_of(["bots"]) | money_of(["value_cents"])
    order_fields = projection(ORDER_FIELDS) | money_of(ORDER_MONEY)
    days, orders, people, users = await gather(
        scope.days(FunnelDay, span, funnel_id, fields=fields),
        scope.days(FunnelRevenueDay, span, funnel_id, fields=order_fields),
        load_people(scope, funnel_id, span),
        load_users(scope, funnel_id, span),
    )
    return Facts(days, orders, *people, users)
