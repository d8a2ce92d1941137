"""The report on a funnel's revenue: by source, step, product and time."""

from asyncio import gather
from collections.abc import Sequence
from typing import Any

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.money import (
    ANY,
    CurrencyPreference,
    amount,
    day_amount,
    others,
)
from daybook.query.figures.projections import money_of, projection
from daybook.query.figures.rounding import average
from daybook.query.figures.series import points
from daybook.query.figures.totals import DayDocument, total
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
from daybook.query.funnels.revenue_splits import (
    Product,
    RevenueFacts,
    RevenueSource,
    RevenueStep,
    sold_by_source,
    sold_by_step,
    top_products,
)
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay


class OtherRevenue(Body):
    total_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    refund_rate: float | None
    orders: int | None
    avg_order_value_cents: int | None


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
    granularity: Granularity
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
    granularity: Granularity,
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
        by_source=sold_by_source(money, currency),
        by_step=sold_by_step(definition, money, facts, currency),
        over_time=[
            _point(money, point.timestamp, point.documents, currency)
            for point in points(money.documents, span, granularity)
        ],
        top_products=top_products(facts.orders, currency),
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
