"""The e-mails about orders of a ticketed event that do not name it: the order does."""

from datetime import datetime
from typing import Any

from daybook.engine.documents.keys import encode_part
from daybook.funnels.visitor_event import MAILS
from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import DayDocument
from daybook.query.read.mongo import Filter
from daybook.query.read.scope import Join, Scope
from models.order import Orders
from models.order_email import OrderEmails


async def load_emails(scope: Scope, event_id: str, span: Span) -> list[DayDocument]:
    """By day and hour, in the form of documents of `analytics_event_metrics` with no other number.

    An e-mail about an order of several events is about each of them.
    """
    prefix = f"{encode_part(scope.organization)}:{encode_part('o:')}"
    join = Join(OrderEmails.collection, {"$concat": [prefix, "$_id"]}, "rows")
    rows = await scope.aggregate(
        Orders.collection, {"ticketed_event_ids": event_id}, _stages(span), join
    )
    return [_document(row["_id"], row["count"]) for row in rows]


def _stages(span: Span) -> list[Filter]:
    begin, end = span.instants
    hour = {"date": "$rows.emails.at", "format": "%Y-%m-%dT%H", "timezone": span.fleet_zone.key}
    return [
        {"$project": {"rows.emails": True}},
        {"$unwind": "$rows"},
        {"$unwind": "$rows.emails"},
        {"$match": {"rows.emails.at": {"$gte": begin, "$lt": end}}},
        {
            "$group": {
                "_id": {"hour": {"$dateToString": hour}, "event_type": "$rows.emails.event_type"},
                "count": {"$sum": 1},
            }
        },
    ]


def _document(name: dict[str, str], count: int) -> dict[str, Any]:
    day, hour = name["hour"].split("T")
    numbers = {MAILS[name["event_type"]]: count}
    date = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    return {"date": date, "hours": {hour: numbers}, **numbers}
