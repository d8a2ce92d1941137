"""Unique people over days, months and partitions: the sketches that are kept, and reading them."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from daybook.engine.documents.sketches import Estimate, SketchModel, estimate_union
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay

Uniques = SketchModel(
    "analytics_uniques",
    names=("organization_id", "id", "step_id"),
    kinds={
        (FunnelDay, "unique_visitors"): "funnel",
        (FunnelStepDay, "unique_visitors"): "step",
        (EventMetricsDay, "unique_viewers"): "event",
        (EventMetricsDay, "unique_buyers"): "event_buyers",
    },
    index=("organization_id", "kind", "id", "period", "step_id"),
)


def periods(first: str, last: str) -> list[str]:
    """The months within a range of days, YYYY-MM, and the days of its ends, YYYY-MM-DD, in order.

    Both days belong to the range. Raises ValueError for what is no day.
    """
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    found = []
    while day <= end:
        days = monthrange(day.year, day.month)[1]
        whole = day.day == 1 and day.replace(day=days) <= end
        found.append(day.isoformat()[:7] if whole else day.isoformat())
        day += timedelta(days=days if whole else 1)
    return found


def people(documents: Iterable[Mapping[str, Any]]) -> Estimate:
    """How many distinct people are in any of these documents of `analytics_uniques`."""
    return estimate_union(document["sketch"] for document in documents)
