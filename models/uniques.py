"""The sketches of unique people, and counting people over several days and partitions."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from daybook.engine.documents.sketches import Estimate, SketchModel, estimate_union
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay

FUNNEL_USERS = "funnel_users"
"""The kind of the sketches of users."""

Uniques = SketchModel(
    "analytics_uniques",
    names=("organization_id", "id", "step_id"),
    kinds={
        (FunnelDay, "unique_visitors"): "funnel",
        (FunnelDay, "converting_visitors"): "funnel_converters",
        (FunnelDay, "named_visitors"): "funnel_named",
        (FunnelStepDay, "unique_visitors"): "step",
        (EventMetricsDay, "unique_viewers"): "event",
        (EventMetricsDay, "unique_buyers"): "event_buyers",
    },
    index=("organization_id", "kind", "id", "period", "step_id"),
    others={
        FUNNEL_USERS: "the users of the visitors behind `analytics_funnel.named_visitors`",
    },
    version=3,
)


def periods(first: str, last: str) -> list[str]:
    """The periods that cover a range of days: whole months (YYYY-MM), else days (YYYY-MM-DD).

    `first` and `last` belong to the range. Raises ValueError for an invalid date.
    """
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    covering = []
    while day <= end:
        days = monthrange(day.year, day.month)[1]
        whole = day.day == 1 and day.replace(day=days) <= end
        covering.append(day.isoformat()[:7] if whole else day.isoformat())
        day += timedelta(days=days if whole else 1)
    return covering


def people(documents: Iterable[Mapping[str, Any]]) -> Estimate:
    """The number of distinct people in these documents of `analytics_uniques` together."""
    return estimate_union(document["sketch"] for document in documents)
