"""The daily document of a ticketed event's orders: tickets sold and returned, and their money."""

from daybook.engine.documents.fields import DailyDocument, counter, difference, money, per_currency


class EventRevenueDay(
    DailyDocument, collection="analytics_event_revenue", key=("organization_id", "event_id")
):
    gross_revenue_cents: int | None = money()
    refunded_cents: int | None = money()
    net_revenue_cents: int | None = difference("gross_revenue_cents", "refunded_cents")
    orders: int = per_currency()
    tickets_sold: int = counter()
    tickets_returned: int = counter()
