"""What a funnel earned: from which source, at which step, with which products, and when."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span
from daybook.query.figures.folded_comparison import compared
from daybook.query.figures.folded_series import Granularity, series
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, name_of
from daybook.query.figures.money import ANY, Document, Wanted, amount, by_key
from daybook.query.figures.rounding import average, percentages
from daybook.query.figures.sums import parts, total
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.revenue_basis import Earned, earned
from daybook.query.funnels.revenue_body import (
    OtherRevenue,
    Product,
    Revenue,
    RevenuePoint,
    RevenueSource,
    RevenueStep,
    RevenueSummary,
)

SOURCES_MAX = 100
PRODUCTS_MAX = 20
_NO_PRODUCTS = frozenset({OTHER, UNATTRIBUTED})


class RevenueFacts(NamedTuple):
    """Of one period: `analytics_funnel`, `…_funnel_revenue` and `…_funnel_step`."""

    days: Sequence[Document]
    orders: Sequence[Document]
    steps: Sequence[Document] = ()


def revenue(
    definition: Definition,
    span: Span,
    granularity: Granularity,
    facts: RevenueFacts,
    before: RevenueFacts | None = None,
    wanted: Wanted = ANY,
) -> Revenue:
    """`before`: of the period before, where it shall be compared."""
    money = earned(facts.days, facts.orders)
    currency = money.currency(wanted)
    summary = _summary(money, facts.days, currency)
    told: dict[str, Any] = {}
    if before is not None:
        earlier = earned(before.days, before.orders, money.basis)
        past = _summary(earlier, before.days, currency)
        told["previous"], told["change"] = compared(
            span.previous().period, {"summary": summary}, {"summary": past}
        )
    return Revenue(
        period=Period(**span.period),
        granularity=granularity,
        basis=money.basis,
        currency=currency,
        summary=summary,
        by_source=_sources(money, currency),
        by_step=_steps(definition, money, facts, currency),
        over_time=[
            _point(money, point.timestamp, point.documents, currency)
            for point in series(money.documents, span, granularity)
        ],
        top_products=_products(facts.orders, currency),
        by_currency={
            other: OtherRevenue(**_gross_to_net(money, other)) for other in money.others(currency)
        },
        **told,
    )


def _gross_to_net(money: Earned, currency: str | None) -> dict[str, Any]:
    gross, refunded = money.gross_cents(currency), money.refunded_cents(currency)
    return {
        "total_revenue_cents": gross,
        "refunded_cents": refunded,
        "net_revenue_cents": gross - refunded,
        "refund_rate": money.refund_rate(currency),
        "orders": money.sales(currency),
        "avg_order_value_cents": money.average_cents(currency),
    }


def _summary(money: Earned, days: Sequence[Document], currency: str | None) -> RevenueSummary:
    gross = money.gross_cents(currency)
    return RevenueSummary(
        **_gross_to_net(money, currency),
        revenue_per_visitor_cents=average(gross, total(days, "unique_visitors")),
        revenue_per_conversion_cents=average(gross, total(days, "conversions")),
    )


def _sources(money: Earned, currency: str | None) -> list[RevenueSource]:
    """The greatest first. What conversions' visitors came from is not always known."""
    worth = by_key(money.documents, money.by_source, money.worth, currency)
    missing = money.gross_cents(currency) - sum(worth.values())
    if missing > 0:
        worth[UNATTRIBUTED] = worth.get(UNATTRIBUTED, 0) + missing
    rows = sorted(
        ((key, cents) for key, cents in worth.items() if key != OTHER),
        key=lambda each: (-each[1], each[0]),
    )
    beyond = sum(cents for _, cents in rows[SOURCES_MAX:]) + worth.get(OTHER, 0)
    kept = [(key, cents) for key, cents in [*rows[:SOURCES_MAX], (OTHER, beyond)] if cents]
    shares = percentages([cents for _, cents in kept])
    return [
        RevenueSource(
            source=name_of(key, {OTHER, UNATTRIBUTED}), revenue_cents=cents, percentage=share
        )
        for (key, cents), share in zip(kept, shares, strict=True)
    ]


def _steps(
    definition: Definition, money: Earned, facts: RevenueFacts, currency: str | None
) -> list[RevenueStep]:
    """Every step of the funnel, and others with money; `unattributed` is one."""
    worth, orders = _by_step(money, facts, currency)
    alone = not money.others(currency)
    return [
        RevenueStep(
            step_id=step.step_id,
            step_name=step.name,
            revenue_cents=worth.get(step.step_id, 0),
            orders=orders.get(step.step_id, 0),
            avg_order_value_cents=average(
                worth.get(step.step_id, 0), orders.get(step.step_id, 0) if alone else 0
            ),
        )
        for step in definition.with_seen(name for name in worth if worth[name] or orders.get(name))
    ]


def _by_step(
    money: Earned, facts: RevenueFacts, currency: str | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Cents and sales, by step."""
    if money.basis == "orders":
        worth = by_key(facts.orders, "by_step", "revenue_cents", currency)
        sold = parts(facts.orders, "by_step", "orders")
        return _named(worth), _named(sold)
    cents: dict[str, int] = {}
    count: dict[str, int] = {}
    for day in facts.steps:
        step = day["step_id"]
        cents[step] = cents.get(step, 0) + (amount([day], "value_cents", currency) or 0)
        count[step] = count.get(step, 0) + total([day], "conversions")
    return cents, count


def _named(found: Mapping[str, int]) -> dict[str, int]:
    """By id. A step called `unattributed` stays encoded, as it does where steps are stored."""
    named: dict[str, int] = {}
    for key, value in found.items():
        step = name_of(key, {UNATTRIBUTED})
        named[step] = named.get(step, 0) + value
    return named


def _point(
    money: Earned, timestamp: str, documents: Sequence[Document], currency: str | None
) -> RevenuePoint:
    cents = amount(documents, money.gross, currency)
    if money.basis == "orders":
        sold = amount(documents, money.count, currency)
    else:
        sold = None if money.others(currency) else total(documents, money.count)
    return RevenuePoint(
        timestamp=timestamp,
        revenue_cents=cents,
        orders=sold,
        avg_order_value_cents=average(cents, sold or 0),
    )


def _products(orders: Sequence[Document], currency: str | None) -> list[Product]:
    """By revenue, then units, then id. A name is the newest day's that has one."""
    worth = by_key(orders, "products", "revenue_cents", currency)
    units, names = parts(orders, "products", "units"), _names(orders)
    best = sorted(
        (key for key in units if key not in _NO_PRODUCTS and (units[key] or worth.get(key))),
        key=lambda key: (-worth.get(key, 0), -units[key], key),
    )
    return [
        Product(
            product_id=name_of(key),
            product_name=names.get(key, name_of(key)),
            revenue_cents=worth.get(key, 0),
            units_sold=units[key],
        )
        for key in best[:PRODUCTS_MAX]
    ]


def _names(orders: Sequence[Document]) -> dict[str, str]:
    return {
        key: product["name"]
        for day in orders
        for key, product in (day.get("products") or {}).items()
        if product.get("name")
    }
