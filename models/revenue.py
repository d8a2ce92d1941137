"""The daily document of revenue and refunds, by community and promotion."""

from daybook.engine.documents.fields import (
    DailyDocument,
    average,
    counter,
    difference,
    money,
    money_map,
    per_currency,
)


class RevenueDay(DailyDocument, collection="analytics_revenue"):
    gross_revenue_cents: int | None = money(since=2)
    refunded_cents: int | None = money(since=2)
    net_revenue_cents: int | None = difference("gross_revenue_cents", "refunded_cents", since=2)
    refund_excess_cents: int | None = money(since=2)
    refund_reversed_cents: int | None = money(since=2)
    paid_orders: int = per_currency()
    refunded_orders: int = counter()
    duplicate_payments: int = counter(since=2)
    duplicate_payment_cents: int | None = money(since=2)
    average_order_value_cents: int | None = average("gross_revenue_cents", "paid_orders", since=2)
    revenue_by_community: dict[str, int] | None = money_map(since=2)
    revenue_by_promotion: dict[str, int] | None = money_map(since=2)
    refunded_by_community: dict[str, int] | None = money_map(since=2)
    refunded_by_promotion: dict[str, int] | None = money_map(since=2)
