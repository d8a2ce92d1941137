"""How many people entered a segment and left it, by day."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daybook.engine.moment import milliseconds_at, moment_at
from daybook.query.read.mongo import Document, Filter
from daybook.query.read.scope import Scope
from daybook.query.segments.body import SegmentDay
from models.segments import SegmentMembers

DAYS = 7


async def load_days(
    scope: Scope, version: Document, clock: int, zone: ZoneInfo
) -> list[SegmentDay]:
    """The last days of the zone up to the clock, of a version; none before the first round.

    A row tells of the newest membership alone, so who entered twice counts on the later day.
    """
    if clock < 0:
        return []
    today = moment_at(clock).astimezone(zone).date()
    dates = [today - timedelta(days=days) for days in reversed(range(DAYS))]
    begins = [_begin(day, zone) for day in dates]
    entered = await _by_day(scope, version, "since", begins, {})
    left = await _by_day(scope, version, "until", begins, {"in": False})
    return [
        SegmentDay(date=day.isoformat(), entered=entered.get(n, 0), left=left.get(n, 0))
        for n, day in enumerate(dates, start=1)
    ]


async def _by_day(
    scope: Scope, version: Document, field: str, begins: list[int], more: Filter
) -> dict[int, int]:
    """The rows whose moment is within a day, by the number of days that have begun by then."""
    same = {name: version[name] for name in ("segment_id", "version")}
    number = {"$sum": [{"$cond": [{"$gte": [f"${field}", begin]}, 1, 0]} for begin in begins]}
    found = await scope.aggregate(
        SegmentMembers.collection,
        {**same, **more, field: {"$gte": begins[0]}},
        [{"$group": {"_id": number, "people": {"$sum": 1}}}],
    )
    return {row["_id"]: row["people"] for row in found}


def _begin(day: date, zone: ZoneInfo) -> int:
    return milliseconds_at(datetime.combine(day, time.min, zone))
