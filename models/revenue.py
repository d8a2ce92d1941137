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
    gross_revenue_cents: int | None = money()
    refunded_cents: int | None = money()
    net_revenue_cents: int | None = difference("gross_revenue_cents", "refunded_cents")
    refund_excess_cents: int | None = money()
    paid_orders: int = per_currency()
    refunded_orders: int = counter()
    duplicate_payments: int = counter()
    average_order_value_cents: int | None = average("gross_revenue_cents", "paid_orders")
    revenue_by_community: dict[str, int] | None = money_map()
    revenue_by_promotion: dict[str, int] | None = money_map()
    refunded_by_community: dict[str, int] | None = money_map()
    refunded_by_promotion: dict[str, int] | None = money_map()
