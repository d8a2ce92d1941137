"""Converts a day's document to the Redis hash that dashboards read."""

from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.live import Stored, Totals, Value, scalars
from daybook.funnels.live.all_days import ALL_DAYS
from daybook.funnels.live.redis_keys import (
    dashboard_channel,
    event_channel,
    event_totals,
    funnel_totals,
)
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay


def totals_of_funnel(stored: Stored) -> Totals:
    """The totals of an `analytics_funnel` document."""
    organization = stored["organization_id"]
    key = funnel_totals(organization, stored["funnel_id"])
    return _totals(FunnelDay, stored, key, None)


def totals_of_event(stored: Stored) -> Totals:
    """The totals of an `analytics_event_metrics` document, with those of all days if it has them.

    See `all_days.py`.
    """
    ticketed = stored["organization_id"], stored["event_id"]
    totals = _totals(EventMetricsDay, stored, event_totals(*ticketed), event_channel(*ticketed))
    added = {name: stored[name] for name in ALL_DAYS if stored.get(name) is not None}
    return totals._replace(fields=totals.fields | added)


def _totals(model: type[DailyDocument], stored: Stored, key: str, channel: str | None) -> Totals:
    names: dict[str, Value] = {name: stored[name] for name in model.key}
    names["updated_at"] = stored["updated_at"].isoformat(timespec="milliseconds")
    return Totals(
        key,
        date=stored["date"].date().isoformat(),
        revision=stored["_daybook"]["revision"],
        fields=names | scalars(model, stored),
        dashboard=dashboard_channel(stored["organization_id"]),
        channel=channel,
    )
