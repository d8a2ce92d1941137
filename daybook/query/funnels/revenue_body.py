"""What a funnel earned, as it is answered."""

from daybook.query.figures.body import Body, Period
from daybook.query.figures.folded_comparison import Changes, Told
from daybook.query.figures.folded_series import Granularity
from daybook.query.funnels.revenue_basis import Basis


class RevenueSummary(Body):
    """Money before refunds but for `net_revenue_cents`; `refund_rate` is refunded over total.

    With the basis `conversions` an order is a conversion, and of refunds nothing is known.
    """

    total_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    refund_rate: float | None
    orders: int | None
    avg_order_value_cents: int | None
    revenue_per_visitor_cents: int | None
    revenue_per_conversion_cents: int | None


class RevenueSource(Body):
    """Sources beyond the first hundred are one, `other`; money without one is `unattributed`."""

    source: str
    revenue_cents: int
    percentage: float


class RevenueStep(Body):
    """`orders` are of any currency; their average is null where there are several."""

    step_id: str
    step_name: str
    revenue_cents: int
    orders: int
    avg_order_value_cents: int | None


class RevenuePoint(Body):
    """`revenue_cents` is null for an hour of a day with several currencies."""

    timestamp: str
    revenue_cents: int | None
    orders: int | None
    avg_order_value_cents: int | None


class Product(Body):
    """`units_sold` are of any currency; a product without a name is called by its id."""

    product_id: str
    product_name: str
    revenue_cents: int
    units_sold: int


class OtherRevenue(Body):
    total_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    refund_rate: float | None
    orders: int | None
    avg_order_value_cents: int | None


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
    previous: Told | None = None
    change: Changes | None = None
