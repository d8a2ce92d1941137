"""The totals of today as they are kept: what every stream begins with."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from daybook.engine.documents.fields import Counter, DailyDocument, Difference, scalar_fields
from daybook.engine.documents.live import Stored, Totals
from daybook.engine.live.documents import projection
from daybook.engine.redis_client import RedisUnavailable
from daybook.funnels.live.redis_keys import event_totals
from daybook.funnels.live.totals import of_event, of_funnel
from daybook.query.events.routes import ticketed_event
from daybook.query.read.redis import Live
from daybook.query.read.scope import Scope
from daybook.query.stream.sse import Row
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay

_TEXTS = frozenset({"date", "updated_at", "organization_id", "event_id"})


async def of_the_event(scope: Scope, live: Live, zone: ZoneInfo, event_id: str) -> list[Row]:
    """From Redis; from MongoDB where Redis is away or has none; zeros where nobody has any.

    Raises Unavailable, and Problem (404): whether there is such an event is asked here, once for
    all who come at the same time.
    """
    await ticketed_event(scope, event_id)
    today = datetime.now(zone).date()
    try:
        stored = await live.hash(event_totals(scope.organization, event_id))
    except RedisUnavailable:
        stored = {}
    if stored.get("date") == today.isoformat():
        return [{name: _value(name, text) for name, text in stored.items()}]
    own = {"_id": scope.id(event_id, today.isoformat())}
    found = await scope.find(EventMetricsDay.collection, own, fields=projection(EventMetricsDay))
    if found:
        return [_row(of_event(found[0]))]
    return [
        {
            "organization_id": scope.organization,
            "event_id": event_id,
            "updated_at": None,
            **_zeros(EventMetricsDay),
            "date": today.isoformat(),
            "revision": 0,
        }
    ]


async def of_the_organization(scope: Scope, zone: ZoneInfo) -> list[Row]:
    """Of all its funnels and ticketed events of which there is anything today.

    From MongoDB, for nobody in Redis knows which there are. Raises Unavailable.
    """
    today = datetime.combine(datetime.now(zone).date(), time(), UTC)
    rows: list[Row] = []
    for model, told in ((FunnelDay, of_funnel), (EventMetricsDay, of_event)):
        found: list[Stored] = [
            *await scope.find(model.collection, {"date": today}, fields=projection(model))
        ]
        rows += [_row(told(stored)) for stored in found]
    return rows


def _row(totals: Totals) -> Row:
    return {**totals.fields, "date": totals.date, "revision": totals.revision}


def _zeros(model: type[DailyDocument]) -> Row:
    fields = model.fields
    return {
        name: 0 for name in scalar_fields(model) if isinstance(fields[name], Counter | Difference)
    }


def _value(name: str, text: str) -> str | int | float:
    if name in _TEXTS:
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)
