"""The splits of a funnel's revenue: by source, step and product."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, name_of
from daybook.query.figures.money import amount, by_key
from daybook.query.figures.rounding import average, percentages
from daybook.query.figures.totals import DayDocument, parts, total
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.revenue_basis import RevenueBasis

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


class Product(Body):
    """`units_sold` counts units in any currency; without a name, a product has its id as one."""

    product_id: str
    product_name: str
    revenue_cents: int
    units_sold: int


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


def sold_by_source(money: RevenueBasis, currency: str | None) -> list[RevenueSource]:
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


def sold_by_step(
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


def top_products(orders: Sequence[DayDocument], currency: str | None) -> list[Product]:
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
