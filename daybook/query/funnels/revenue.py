"""The report on a funnel's revenue: by source, step, product and time."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, name_of
from daybook.query.figures.money import (
    ANY,
    CurrencyPreference,
    amount,
    by_key,
    day_amount,
    others,
)
from daybook.query.figures.projections import money_of, projection
from daybook.query.figures.rounding import average, percentages
from daybook.query.figures.series import FunnelGranularity, points
from daybook.query.figures.totals import DayDocument, parts, total
from daybook.query.figures.uniques import count_uniques
from daybook.query.funnels.definition import Basis, Definition
from daybook.query.funnels.load import (
    FUNNEL_FIELDS,
    STEP_FIELDS,
    hours_if,
    load_sketches,
    load_step_days,
)
from daybook.query.funnels.revenue_basis import RevenueBasis, revenue_by
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay

SOURCES_MAX = 100
PRODUCTS_MAX = 20
_NO_PRODUCTS = frozenset({OTHER, UNATTRIBUTED})


class RevenueFacts(NamedTuple):
    """Documents of one period: `analytics_funnel`, `…_funnel_revenue`, `…_uniques` of the funnel,
    and `…_funnel_step`."""

    days: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    sketches: Sequence[DayDocument] = ()
    steps: Sequence[DayDocument] = ()


class OtherRevenue(Body):
    total_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    refund_rate: float | None
    orders: int | None
    avg_order_value_cents: int | None


class Product(Body):
    """`units_sold` counts units in any currency; without a name, a product has its id as one."""

    product_id: str
    product_name: str
    revenue_cents: int
    units_sold: int


class PointMoney(Body):
    revenue_cents: int | None
    orders: int | None
    avg_order_value_cents: int | None


class RevenuePoint(Body):
    """`by_currency`: the point's other currencies.

    Hours of a day with several currencies have no amounts: `revenue_cents` is null there.
    """

    timestamp: str
    revenue_cents: int | None
    orders: int | None
    avg_order_value_cents: int | None
    by_currency: dict[str, PointMoney]


class RevenueStep(Body):
    """`orders` counts orders in any currency; with several currencies the average is null."""

    step_id: str
    step_name: str
    revenue_cents: int
    orders: int
    avg_order_value_cents: int | None


class RevenueSource(Body):
    """Sources beyond the largest 100 are `other`; revenue without a source is `unattributed`."""

    source: str
    revenue_cents: int
    percentage: float


class RevenueSummary(Body):
    """Amounts are before refunds, except `net_revenue_cents`; `refund_rate` is refunded over total.

    With the basis `conversions` an order is a conversion, and refunds are unknown. Both bases are
    there under their own names: `order_revenue_cents` and `conversion_value_cents`.
    """

    total_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    refund_rate: float | None
    orders: int | None
    avg_order_value_cents: int | None
    revenue_per_visitor_cents: int | None
    revenue_per_conversion_cents: int | None
    order_revenue_cents: int
    conversion_value_cents: int


class Revenue(Body):
    period: Period
    granularity: FunnelGranularity
    basis: Basis
    currency: str | None
    summary: RevenueSummary
    by_source: list[RevenueSource]
    by_step: list[RevenueStep]
    over_time: list[RevenuePoint]
    top_products: list[Product]
    by_currency: dict[str, OtherRevenue]
    previous: Previous | None = None
    change: Changes | None = None


def revenue_report(
    definition: Definition,
    basis: Basis,
    span: Span,
    granularity: FunnelGranularity,
    facts: RevenueFacts,
    before: RevenueFacts | None = None,
    preference: CurrencyPreference = ANY,
) -> Revenue:
    """`before`: the preceding period, for a comparison."""
    money = revenue_by(basis, facts.days, facts.orders)
    currency = money.currency(preference)
    summary = _summary(money, facts, currency)
    comparison: dict[str, Any] = {}
    if before is not None:
        earlier = revenue_by(basis, before.days, before.orders)
        past = _summary(earlier, before, currency)
        comparison["previous"], comparison["change"] = compare_parts(
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
            for point in points(money.documents, span, granularity)
        ],
        top_products=_products(facts.orders, currency),
        by_currency={
            other: OtherRevenue(**_gross_to_net(money, other)) for other in money.others(currency)
        },
        **comparison,
    )


def _gross_to_net(money: RevenueBasis, currency: str | None) -> dict[str, Any]:
    gross, refunded = money.gross_cents(currency), money.refunded_cents(currency)
    return {
        "total_revenue_cents": gross,
        "refunded_cents": refunded,
        "net_revenue_cents": gross - refunded,
        "refund_rate": money.refund_rate(currency),
        "orders": money.sales(currency),
        "avg_order_value_cents": money.average_cents(currency),
    }


def _summary(money: RevenueBasis, facts: RevenueFacts, currency: str | None) -> RevenueSummary:
    gross = money.gross_cents(currency)
    people = count_uniques(facts.days, facts.sketches)
    return RevenueSummary(
        **_gross_to_net(money, currency),
        revenue_per_visitor_cents=average(gross, people.count),
        revenue_per_conversion_cents=money.average_cents(currency),
        order_revenue_cents=day_amount(facts.orders, "gross_revenue_cents", currency),
        conversion_value_cents=day_amount(facts.days, "value_cents", currency),
    )


def _sources(money: RevenueBasis, currency: str | None) -> list[RevenueSource]:
    """Largest first. The source of a conversion's visitor is not always known."""
    amounts = by_key(money.documents, money.by_source, money.part, currency)
    missing = money.gross_cents(currency) - sum(amounts.values())
    if missing > 0:
        amounts[UNATTRIBUTED] = amounts.get(UNATTRIBUTED, 0) + missing
    rows = sorted(
        ((key, cents) for key, cents in amounts.items() if key != OTHER),
        key=lambda item: (-item[1], item[0]),
    )
    remainder = sum(cents for _, cents in rows[SOURCES_MAX:]) + amounts.get(OTHER, 0)
    shown = [(key, cents) for key, cents in [*rows[:SOURCES_MAX], (OTHER, remainder)] if cents]
    shares = percentages([cents for _, cents in shown])
    return [
        RevenueSource(
            source=name_of(key, {OTHER, UNATTRIBUTED, money.no_source}),
            revenue_cents=cents,
            percentage=share,
        )
        for (key, cents), share in zip(shown, shares, strict=True)
    ]


def _steps(
    definition: Definition, money: RevenueBasis, facts: RevenueFacts, currency: str | None
) -> list[RevenueStep]:
    """All steps of the funnel, and others with revenue, among them `unattributed`."""
    amounts, orders = _by_step(money, facts, currency)
    is_only_currency = not money.others(currency)
    return [
        RevenueStep(
            step_id=step.step_id,
            step_name=step.name,
            revenue_cents=amounts.get(step.step_id, 0),
            orders=orders.get(step.step_id, 0),
            avg_order_value_cents=average(
                amounts.get(step.step_id, 0), orders.get(step.step_id, 0) if is_only_currency else 0
            ),
        )
        for step in definition.with_seen(
            name for name in amounts if amounts[name] or orders.get(name)
        )
    ]


def _by_step(
    money: RevenueBasis, facts: RevenueFacts, currency: str | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Cents and sales, by step."""
    if money.basis == "orders":
        amounts = by_key(facts.orders, "by_step", "revenue_cents", currency)
        sold = parts(facts.orders, "by_step", "orders")
        return _decode_steps(amounts), _decode_steps(sold)
    cents: dict[str, int] = {}
    count: dict[str, int] = {}
    for day in facts.steps:
        step = day["step_id"]
        cents[step] = cents.get(step, 0) + (amount([day], "value_cents", currency) or 0)
        count[step] = count.get(step, 0) + total([day], "conversions")
    return cents, count


def _decode_steps(numbers: Mapping[str, int]) -> dict[str, int]:
    """Sums by decoded step id. An id that equals `unattributed` stays encoded, as when stored."""
    steps: dict[str, int] = {}
    for key, value in numbers.items():
        step = name_of(key, {UNATTRIBUTED})
        steps[step] = steps.get(step, 0) + value
    return steps


def _point(
    money: RevenueBasis, timestamp: str, documents: Sequence[DayDocument], currency: str | None
) -> RevenuePoint:
    return RevenuePoint(
        timestamp=timestamp,
        **_sold(money, documents, currency),
        by_currency={
            other: PointMoney(**_sold(money, documents, other))
            for other in others(documents, money.amounts, currency)
        },
    )


def _sold(
    money: RevenueBasis, documents: Sequence[DayDocument], currency: str | None
) -> dict[str, int | None]:
    cents = amount(documents, money.gross, currency)
    if money.basis == "orders":
        sold = amount(documents, money.count, currency)
    else:
        sold = None if money.others(currency) else total(documents, money.count)
    return {
        "revenue_cents": cents,
        "orders": sold,
        "avg_order_value_cents": average(cents, sold or 0),
    }


def _products(orders: Sequence[DayDocument], currency: str | None) -> list[Product]:
    """Ordered by revenue, then units, then id. The name is the newest day's that has one."""
    amounts = by_key(orders, "products", "revenue_cents", currency)
    units, names = parts(orders, "products", "units"), _names(orders)
    best = sorted(
        (key for key in units if key not in _NO_PRODUCTS and (units[key] or amounts.get(key))),
        key=lambda key: (-amounts.get(key, 0), -units[key], key),
    )
    return [
        Product(
            product_id=name_of(key),
            product_name=names.get(key, name_of(key)),
            revenue_cents=amounts.get(key, 0),
            units_sold=units[key],
        )
        for key in best[:PRODUCTS_MAX]
    ]


def _names(orders: Sequence[DayDocument]) -> dict[str, str]:
    return {
        key: product["name"]
        for day in orders
        for key, product in (day.get("products") or {}).items()
        if product.get("name")
    }


async def load_revenue(
    scope: Scope, funnel_id: str, span: Span, *, hours: bool = False
) -> RevenueFacts:
    fields = projection(FUNNEL_FIELDS) | money_of(["value_cents", "sources"]) | hours_if(hours)
    order_fields = {"_daybook": False} if hours else None
    return RevenueFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=fields),
            scope.days(FunnelRevenueDay, span, funnel_id, fields=order_fields),
            load_sketches(scope, "funnel", funnel_id, span),
            load_step_days(
                scope, funnel_id, span, projection(STEP_FIELDS) | money_of(["value_cents"])
            ),
        )
    )
