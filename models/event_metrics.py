"""The daily document of a ticketed event, from views to scanned tickets."""

from daybook.engine.documents.fields import DailyDocument, counter, money, rate


class EventMetricsDay(
    DailyDocument, collection="analytics_event_metrics", key=("organization_id", "event_id")
):
    views: int = counter()
    add_to_cart: int = counter()
    checkouts_started: int = counter()
    tickets_sold: int = counter()
    revenue_cents: int | None = money()
    unique_viewers: int = counter()
    unique_buyers: int = counter()
    conversion_rate: float | None = rate("unique_buyers", "unique_viewers")
    emails_confirmed: int = counter()
    emails_failed: int = counter()
    admissions: int = counter(since=2)
