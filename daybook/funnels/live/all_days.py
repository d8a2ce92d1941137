"""What a ticketed event's live totals have besides the day: capacity, and the sums of all days."""

from typing import Any

from models.definitions import TicketedEvents
from models.event_metrics import EventMetricsDay

SUMS = {"total_tickets_sold": "tickets_sold", "total_admissions": "admissions"}
"""The fields of the sums over all days, each with the field of the daily document."""

ALL_DAYS = ("capacity", *SUMS)

_DAY_BYTES = len(":2026-11-28")
_EVENT_ID = {"$substrBytes": ["$_id", 0, {"$subtract": [{"$strLenBytes": "$_id"}, _DAY_BYTES]}]}
"""The `_id` of the ticketed event: that of the day without the day."""

_OF_ALL_DAYS = {
    "$and": [
        {"$gte": ["$_id", {"$concat": ["$$event", ":"]}]},
        {"$lt": ["$_id", {"$concat": ["$$event", ";"]}]},
    ]
}

SUM_ALL_DAYS: dict[str, Any] = {name: {"$sum": f"${field}"} for name, field in SUMS.items()}
"""Accumulators of a `$group` over a ticketed event's daily documents."""

STAGES: tuple[dict[str, Any], ...] = (
    {"$set": {"event": _EVENT_ID}},
    {
        "$lookup": {
            "from": TicketedEvents.collection,
            "localField": "event",
            "foreignField": "_id",
            "pipeline": [{"$project": {"capacity": 1}}],
            "as": "published",
        }
    },
    {
        "$lookup": {
            "from": EventMetricsDay.collection,
            "let": {"event": "$event"},
            "pipeline": [
                {"$match": {"$expr": _OF_ALL_DAYS}},
                {"$group": {"_id": None, **SUM_ALL_DAYS}},
            ],
            "as": "all_days",
        }
    },
    {
        "$set": {"capacity": {"$first": "$published.capacity"}}
        | {name: {"$first": f"$all_days.{name}"} for name in SUMS}
    },
    {"$unset": ["event", "published", "all_days"]},
)
"""Stages that add the fields to a daily document: null for a capacity that nobody published."""
