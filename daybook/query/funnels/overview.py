"""A funnel at a glance: who came, from where, who converted, and what it came to."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.money import ANY, Wanted, known, others
from daybook.query.figures.projections import money_of, projection, sums_by_key
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.shares import TOP, Rest, rest, shares
from daybook.query.figures.totals import DayDocument, total
from daybook.query.figures.uniques import Uniques, uniques
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.load import FUNNEL_FIELDS, STEP_COUNTS, load_sketches, load_step_sums
from daybook.query.funnels.overview_steps import OverviewStep, overview_steps
from daybook.query.funnels.revenue_basis import Basis, RevenueBasis, earned
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay


class Facts(NamedTuple):
    """Of one period: `analytics_funnel`, `…_funnel_revenue`, `…_uniques`; `…_funnel_step` in sum,
    and by where visitors come from a row for each key."""

    days: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    sketches: Sequence[DayDocument]
    steps: Sequence[DayDocument] = ()
    rows: Mapping[str, Sequence[DayDocument]] = MappingProxyType({})


class OtherMoney(Body):
    value_cents: int
    revenue_cents: int


class Campaign(Body):
    campaign: str
    visitors: int
    conversions: int
    percentage: float


class Country(Body):
    country: str
    visitors: int
    conversions: int
    percentage: float


class Source(Body):
    source: str
    visitors: int
    conversions: int
    percentage: float


class Page(Body):
    """A visitor stands under every page that he viewed, so pages are no shares of a whole."""

    page: str
    visitors: int
    conversions: int


class Engagement(Body):
    page_views: int
    sessions: int
    bounced_sessions: int
    bounce_rate: float | None
    avg_visit_seconds: int | None


class Revenue(Body):
    """`per_visitor_cents` is of the sum of the days' unique visitors, as rates are."""

    total_cents: int
    per_visitor_cents: int | None
    per_conversion_cents: int | None


class Conversions(Body):
    """`rate`: converting visitors over unique visitors, each added up over the days."""

    total: int
    rate: float | None
    value_cents: int
    converting_visitors: int


class Visitors(Body):
    """`total` counts sessions by day; `unique` people of the whole range."""

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
    countries: list[Country]
    campaigns: list[Campaign]
    others: dict[str, Rest]
    by_currency: dict[str, OtherMoney]
    previous: Previous | None = None
    change: Changes | None = None


def overview_report(
    definition: Definition,
    span: Span,
    facts: Facts,
    before: Facts | None = None,
    wanted: Wanted = ANY,
) -> Overview:
    """`before`: of the period before, where it shall be compared."""
    money = earned(facts.days, facts.orders)
    currency = money.currency(wanted)
    people = uniques(facts.days, facts.sketches)
    numbers = _numbers(facts, money, people, currency)
    told: dict[str, Any] = {}
    if before is not None:
        earlier = earned(before.days, before.orders, money.basis)
        past = _numbers(before, earlier, uniques(before.days, before.sketches), currency)
        told["previous"], told["change"] = compare_parts(span.previous().period, numbers, past)
    sources, other_sources = _from(facts.rows["sources"])
    countries, other_countries = _from(facts.rows["countries"])
    campaigns, other_campaigns = _from(facts.rows["campaigns"])
    return Overview(
        funnel_id=definition.funnel_id,
        funnel_name=definition.name,
        period=Period(**span.period),
        currency=currency,
        basis=money.basis,
        uniques=people,
        **numbers,
        steps=overview_steps(definition, facts.steps),
        top_pages=_pages(facts.rows["pages"]),
        sources=[Source(source=name, **own) for name, own in sources],
        countries=[Country(country=name, **own) for name, own in countries],
        campaigns=[Campaign(campaign=name, **own) for name, own in campaigns],
        others={
            "sources": other_sources,
            "countries": other_countries,
            "campaigns": other_campaigns,
        },
        by_currency={
            other: OtherMoney(
                value_cents=known(facts.days, "value_cents", other),
                revenue_cents=money.gross_cents(other),
            )
            for other in _other_currencies(facts, money, currency)
        },
        **told,
    )


def _numbers(
    facts: Facts, money: RevenueBasis, people: Uniques, currency: str | None
) -> dict[str, Any]:
    """The parts of which a change is told."""
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
            value_cents=known(days, "value_cents", currency),
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


def _pages(rows: Sequence[DayDocument]) -> list[Page]:
    converted = dict(by_name(_by_key(rows, "conversions")))
    return [
        Page(page=name, visitors=visitors, conversions=converted[name])
        for name, visitors in by_name(_by_key(rows, "visitors"))[:TOP]
    ]


def _from(keys: Sequence[DayDocument]) -> tuple[list[tuple[str, dict[str, Any]]], Rest]:
    converted = dict(by_name(_by_key(keys, "conversions")))
    rows, beyond = shares(_by_key(keys, "visitors"))
    told = [
        (
            row.name,
            {
                "visitors": row.visitors,
                "conversions": converted[row.name],
                "percentage": row.percentage,
            },
        )
        for row in rows
    ]
    return told, rest(beyond)


def _by_key(rows: Sequence[DayDocument], part: str) -> dict[str, int]:
    return {row["_id"]: int(row[part]) for row in rows}


_OVERVIEW = (
    *FUNNEL_FIELDS, "visitors", "new_visitors", "returning_visitors", "page_views", "sessions",
    "bounced_sessions", "visit_seconds",
)  # fmt: skip
_FROM = ("sources", "countries", "campaigns", "pages")
_WHO = ("visitors", "conversions")
ORDER_FIELDS = ("date", "orders", "refunded_orders", "units")
ORDER_MONEY = ("gross_revenue_cents", "refunded_cents", "orders")


async def load_overview(scope: Scope, funnel_id: str, span: Span) -> Facts:
    days = scope.of_days(FunnelDay, span, funnel_id)
    by_key = [
        scope.aggregate(FunnelDay.collection, days, sums_by_key(name, _WHO)) for name in _FROM
    ]
    own, steps, rows = await gather(
        load_overview_before(scope, funnel_id, span),
        load_step_sums(scope, funnel_id, span, STEP_COUNTS),
        gather(*by_key),
    )
    return own._replace(steps=steps, rows=dict(zip(_FROM, rows, strict=True)))


async def load_overview_before(scope: Scope, funnel_id: str, span: Span) -> Facts:
    """Only what a period is compared by."""
    own = projection(_OVERVIEW) | money_of(["value_cents"])
    paid = projection(ORDER_FIELDS) | money_of(ORDER_MONEY)
    return Facts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=own),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=paid),
            load_sketches(scope, "funnel", funnel_id, span),
        )
    )
