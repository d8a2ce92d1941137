"""Reads today's totals from Redis or MongoDB; every stream starts with them."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from daybook.engine.documents.fields import Counter, DailyDocument, Difference, scalar_fields
from daybook.engine.documents.live import Totals
from daybook.engine.live.documents import projection
from daybook.engine.redis_client import RedisUnavailable
from daybook.funnels.live.all_days import SUM_ALL_DAYS
from daybook.funnels.live.redis_keys import event_totals
from daybook.funnels.live.totals import totals_of_event, totals_of_funnel
from daybook.query.events.routes import load_ticketed_event
from daybook.query.read.redis import Live
from daybook.query.read.scope import Scope
from daybook.query.stream.sse import Row
from models.definitions import TicketedEvents
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay

EVENTS_AT_ONCE = 200
_TEXTS = frozenset({"date", "updated_at", "organization_id", "event_id"})


async def load_event_totals(scope: Scope, live: Live, zone: ZoneInfo, event_id: str) -> list[Row]:
    """From Redis; from MongoDB if Redis is unavailable or has none; zeros if neither has any.

    Raises Unavailable, and Problem (404) if there is no such event: this is checked here so that
    concurrent clients share one check.
    """
    await load_ticketed_event(scope, event_id)
    today = datetime.now(zone).date()
    try:
        stored = await live.hash(event_totals(scope.organization, event_id))
    except RedisUnavailable:
        stored = {}
    if stored.get("date") == today.isoformat():
        return [{name: _parse(name, text) for name, text in stored.items()}]
    by_id = {"_id": scope.id(event_id, today.isoformat())}
    documents = await scope.find(
        EventMetricsDay.collection, by_id, fields=projection(EventMetricsDay)
    )
    over_all_days = (await _over_all_days(scope, [event_id])).get(event_id, {})
    if documents:
        return [_row(totals_of_event({**documents[0], **over_all_days}))]
    return [
        {
            "organization_id": scope.organization,
            "event_id": event_id,
            "updated_at": None,
            **_zeros(EventMetricsDay),
            **over_all_days,
            "date": today.isoformat(),
            "revision": 0,
        }
    ]


async def load_organization_totals(scope: Scope, zone: ZoneInfo) -> list[Row]:
    """The totals of all funnels and ticketed events with any event today.

    From MongoDB, because Redis has no list of them. Raises Unavailable.
    """
    today = datetime.combine(datetime.now(zone).date(), time(), UTC)
    funnels, events = [
        await scope.find(model.collection, {"date": today}, fields=projection(model))
        for model in (FunnelDay, EventMetricsDay)
    ]
    over_all_days = await _over_all_days(scope, [day["event_id"] for day in events])
    return [_row(totals_of_funnel(day)) for day in funnels] + [
        _row(totals_of_event({**day, **over_all_days.get(day["event_id"], {})})) for day in events
    ]


async def _over_all_days(scope: Scope, events: Sequence[str]) -> dict[str, Row]:
    """By ticketed event with any day: its capacity, if one was published, and its sums."""
    added: dict[str, Row] = {}
    for start in range(0, len(events), EVENTS_AT_ONCE):
        some = events[start : start + EVENTS_AT_ONCE]
        days = {"$or": [{"_id": scope.beneath(event)} for event in some]}
        group = {"$group": {"_id": "$event_id", **SUM_ALL_DAYS}}
        for sums in await scope.aggregate(EventMetricsDay.collection, days, [group]):
            added[sums.pop("_id")] = sums
        ids = {"_id": {"$in": [scope.id(event) for event in some]}}
        fields = ["event_id", "capacity"]
        for event in await scope.find(TicketedEvents.collection, ids, fields=fields):
            if event.get("capacity") is not None:
                added.setdefault(event["event_id"], {})["capacity"] = event["capacity"]
    return added


def _row(totals: Totals) -> Row:
    return {**totals.fields, "date": totals.date, "revision": totals.revision}


def _zeros(model: type[DailyDocument]) -> Row:
    fields = model.fields
    return {
        name: 0 for name in scalar_fields(model) if isinstance(fields[name], Counter | Difference)
    }


def _parse(name: str, text: str) -> str | int | float:
    if name in _TEXTS:
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)
