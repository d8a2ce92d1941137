"""Which consumer groups count the numbers of a report, and so determine its freshness."""

from collections.abc import Mapping

from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay
from models.experiment import ExperimentDay
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from models.funnel_step import FunnelStepDay
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from models.user_lifecycle import UserLifecycleDay

USER_LIFECYCLE = ("sc-analytics-user-lifecycle",)
ORDER_FUNNEL = ("sc-analytics-order-funnel",)
REVENUE = ("sc-analytics-revenue",)
FUNNEL_STEP = ("sc-analytics-funnel-step",)
EXPORTS = ("sc-analytics-exports",)
SEGMENT = ("sc-analytics-segment",)

COLLECTIONS: Mapping[str, frozenset[str]] = {
    group: frozenset(model.collection for model in models)
    for (group,), models in (
        (USER_LIFECYCLE, [UserLifecycleDay]),
        (ORDER_FUNNEL, [OrderFunnelDay]),
        (REVENUE, [RevenueDay, FunnelRevenueDay, EventRevenueDay]),
        (FUNNEL_STEP, [FunnelDay, FunnelStepDay, EventMetricsDay, ExperimentDay]),
    )
}
"""The collections of daily documents that each group writes."""
