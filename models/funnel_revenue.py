"""The daily document of a funnel's orders: revenue, refunds, and where they come from."""

from daybook.engine.documents.fields import (
    DailyDocument,
    breakdown,
    counter,
    difference,
    money,
    per_currency,
)

By = dict[str, dict[str, int | str | None]]
"""A breakdown: numbers by key, and the names of products."""

WORTH = ("revenue_cents", "refunded_cents")


class FunnelRevenueDay(
    DailyDocument, collection="analytics_funnel_revenue", key=("organization_id", "funnel_id")
):
    gross_revenue_cents: int | None = money(since=2)
    refunded_cents: int | None = money(since=2)
    net_revenue_cents: int | None = difference("gross_revenue_cents", "refunded_cents", since=2)
    orders: int = per_currency()
    refunded_orders: int = counter()
    units: int = counter()
    by_source: By = breakdown("orders", money=WORTH, since=2)
    by_step: By = breakdown("orders", money=WORTH, since=2)
    products: By = breakdown("units", money=WORTH, named=True, since=2)
