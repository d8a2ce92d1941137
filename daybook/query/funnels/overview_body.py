"""A funnel at a glance, as it is answered."""

from daybook.query.figures.body import Body, Period
from daybook.query.figures.folded_comparison import Changes, Told
from daybook.query.figures.shares import Rest
from daybook.query.figures.uniques import Uniques
from daybook.query.funnels.overview_steps import OverviewStep
from daybook.query.funnels.revenue_basis import Basis


class Visitors(Body):
    """`total` counts sessions by day; `unique` people of the whole range."""

    total: int
    unique: int
    new: int
    returning: int


class Conversions(Body):
    """`rate`: converting visitors over unique visitors, each added up over the days."""

    total: int
    rate: float | None
    value_cents: int
    converting_visitors: int


class Revenue(Body):
    """`per_visitor_cents` is of the sum of the days' unique visitors, as rates are."""

    total_cents: int
    per_visitor_cents: int | None
    per_conversion_cents: int | None


class Engagement(Body):
    page_views: int
    sessions: int
    bounced_sessions: int
    bounce_rate: float | None
    avg_visit_seconds: int | None


class Page(Body):
    """A visitor stands under every page that he viewed, so pages are no shares of a whole."""

    page: str
    visitors: int
    conversions: int


class Source(Body):
    source: str
    visitors: int
    conversions: int
    percentage: float


class Country(Body):
    country: str
    visitors: int
    conversions: int
    percentage: float


class Campaign(Body):
    campaign: str
    visitors: int
    conversions: int
    percentage: float


class OtherMoney(Body):
    value_cents: int
    revenue_cents: int


class Overview(Body):
    funnel_id: str
    funnel_name: str
    period: Period
    currency: str | None
    basis: Basis
    visitors: Visitors
    uniques: Uniques
    conversions: Conversions
    revenue: Revenue
    engagement: Engagement
    steps: list[OverviewStep]
    top_pages: list[Page]
    sources: list[Source]
    countries: list[Country]
    campaigns: list[Campaign]
    others: dict[str, Rest]
    by_currency: dict[str, OtherMoney]
    previous: Told | None = None
    change: Changes | None = None
