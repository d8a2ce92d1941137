"""The daily document of a funnel: visitors, where they came from, and conversions."""

from daybook.engine.documents.fields import DailyDocument, breakdown, count_map, counter, money

By = dict[str, dict[str, int | None]]
"""A breakdown: numbers by key."""

WHO = ("visitors", "conversions")
WORTH = ("value_cents",)


class FunnelDay(DailyDocument, collection="analytics_funnel", key=("organization_id", "funnel_id")):
    page_views: int = counter()
    sessions: int = counter()
    visitors: int = counter()
    unique_visitors: int = counter()
    new_visitors: int = counter()
    returning_visitors: int = counter()
    named_visitors: int = counter(since=3)
    conversions: int = counter()
    converting_visitors: int = counter()
    value_cents: int | None = money()
    attempts: int = counter()
    completions: int = counter()
    bounced_sessions: int = counter()
    visit_seconds: int = counter()
    conversions_by_type: By = breakdown("count", money=WORTH)
    conversions_by_goal: By = breakdown("count", money=WORTH, since=2)
    sources: By = breakdown(*WHO, money=WORTH, since=2)
    channels: By = breakdown(*WHO, money=WORTH, since=2)
    devices: By = breakdown(*WHO, money=WORTH, since=2)
    browsers: By = breakdown(*WHO, money=WORTH, since=2)
    countries: By = breakdown(*WHO, money=WORTH, since=2)
    campaigns: By = breakdown(*WHO, money=WORTH, since=2)
    landing_pages: By = breakdown(*WHO, money=WORTH, since=2)
    pages: By = breakdown(*WHO, money=WORTH)
    bots: dict[str, int] = count_map()
