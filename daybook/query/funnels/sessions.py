"""Rows of `funnel_sessions` as reports ask for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from daybook.funnels.memory import REMEMBERED_MS
from daybook.query.figures.date_range import Span
from daybook.query.figures.pagination import Asked
from daybook.query.funnels.conversions import bounds
from daybook.query.funnels.realtime import ACTIVE
from daybook.query.problem import missing
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.session import CONVERTED, Sessions

_REMEMBERED = timedelta(milliseconds=REMEMBERED_MS)
_ACTIVE_MAX = 10_000
_LAST_EVENTS = 50
_STORY = {
    name: True
    for name in (
        "session_id", "funnel_id", "started_at", "last_at", "page_views", "conversions",
    )
}  # fmt: skip


async def converted(scope: Scope, funnel_id: str, span: Span, asked: Asked) -> list[Document]:
    """A page of the sessions with a conversion in the range, and one more if there is one.

    In order of their first event, so that new ones come last. A session that began more than 35
    days before the range is not looked for: by then it is forgotten, and nothing is added to it.
    """
    first, after = bounds(span)
    begun: dict[str, datetime] = {"$gte": first - _REMEMBERED, "$lt": after}
    where: dict[str, Any] = {
        "funnel_id": funnel_id,
        **CONVERTED,
        "conversions": {"$elemMatch": {"at": {"$gte": first, "$lt": after}}},
    }
    if asked.after is not None:
        at, name = asked.after
        begun["$gte"] = max(at, begun["$gte"])
        where["$or"] = [{"started_at": {"$gt": at}}, {"_id": {"$gt": name}}]
    return await scope.find(
        Sessions.collection,
        where | {"started_at": begun},
        fields=["visitor_id", "session_id", "started_at", "conversions"],
        order=[("started_at", 1), ("_id", 1)],
        skip=asked.skip,
        limit=asked.size + 1,
    )


async def active(scope: Scope, funnel_id: str, now: datetime) -> list[Document]:
    """Those with an event in the last 30 minutes, at most the newest ten thousand."""
    return await scope.find(
        Sessions.collection,
        {"funnel_id": funnel_id, "last_at": {"$gt": now - ACTIVE}},
        fields={
            "visitor_id": True,
            "session_id": True,
            "last_at": True,
            "conversions": True,
            "events": {"$slice": -_LAST_EVENTS},
        },
        order=[("last_at", -1)],
        limit=_ACTIVE_MAX,
    )


async def of_visitor(scope: Scope, visitor_id: str, funnel_id: str | None) -> list[Document]:
    """All of a visitor's, without their events where the row has its story.

    Raises Problem (404) if there are none.
    """
    where: dict[str, Any] = {"_id": scope.beneath(visitor_id)}
    if funnel_id is not None:
        where["funnel_id"] = funnel_id
    events = {"$cond": [{"$gt": ["$started_at", None]}, [], "$events"]}
    found = await scope.find(Sessions.collection, where, fields={**_STORY, "events": events})
    if not found:
        raise missing("visitor")
    return found


async def whole(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    """The same rows with everything that is stored of them."""
    names = [row["_id"] for row in rows]
    return await scope.find(Sessions.collection, {"_id": {"$in": names}})
