"""A funnel at a glance: who came, from where, who converted, and what it came to."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span
from daybook.query.figures.folded_comparison import compared
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.money import ANY, Document, Wanted, known, others
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.shares import TOP, Rest, rest, shares
from daybook.query.figures.sums import total
from daybook.query.figures.uniques import Uniques, uniques
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.overview_body import (
    Campaign,
    Conversions,
    Country,
    Engagement,
    OtherMoney,
    Overview,
    Page,
    Revenue,
    Source,
    Visitors,
)
from daybook.query.funnels.overview_steps import overview_steps
from daybook.query.funnels.revenue_basis import Earned, earned


class Facts(NamedTuple):
    """Of one period: `analytics_funnel`, `…_funnel_revenue`, `…_uniques`; `…_funnel_step` in sum,
    and by where visitors come from a row for each key."""

    days: Sequence[Document]
    orders: Sequence[Document]
    sketches: Sequence[Document]
    steps: Sequence[Document] = ()
    rows: Mapping[str, Sequence[Document]] = MappingProxyType({})


def overview(
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
        told["previous"], told["change"] = compared(span.previous().period, numbers, past)
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


def _numbers(facts: Facts, money: Earned, people: Uniques, currency: str | None) -> dict[str, Any]:
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


def _other_currencies(facts: Facts, money: Earned, currency: str | None) -> list[str]:
    return sorted({*money.others(currency), *others(facts.days, "value_cents", currency)})


def _pages(rows: Sequence[Document]) -> list[Page]:
    converted = dict(by_name(_by_key(rows, "conversions")))
    return [
        Page(page=name, visitors=visitors, conversions=converted[name])
        for name, visitors in by_name(_by_key(rows, "visitors"))[:TOP]
    ]


def _from(keys: Sequence[Document]) -> tuple[list[tuple[str, dict[str, Any]]], Rest]:
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


def _by_key(rows: Sequence[Document], part: str) -> dict[str, int]:
    return {row["_id"]: int(row[part]) for row in rows}
