"""What visitors did, a row an event: of the sessions kept by the group that counts funnels."""

from collections.abc import AsyncIterator
from typing import Any

from daybook.exports.pseudonyms import Pseudonyms
from daybook.query.figures.body import Body, Period
from daybook.query.figures.date_range import Span
from daybook.query.funnels.conversions import bounds
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.session import Sessions

_SESSIONS_LOOKED_AT = 1_000
_SESSIONS_AT_ONCE = 50


class EventRow(Body):
    """`metadata` as it was tracked; null unless personal data was asked for."""

    timestamp: str
    event_type: str
    funnel_id: str
    visitor_id: str
    user_id: str | None
    session_id: str
    page_id: str | None
    step_id: str | None
    metadata: dict[str, Any] | None


class Events(Body):
    """The head of such a file: what its rows are of."""

    funnel_id: str | None
    user_id: str | None
    period: Period


async def event_rows(
    scope: Scope,
    span: Span,
    funnel_id: str | None,
    user_id: str | None,
    names: Pseudonyms | None,
) -> AsyncIterator[EventRow]:
    """By session, in order of their `_id`, which nothing that comes meanwhile changes; within a
    session by time. Of each, those in the range among its first 500. With `names`, ids are hidden,
    and what was tracked with an event is not told.

    Sessions that do not fit are passed over without their events, and those that do are read a few
    at a time, so that each question is a small one.
    """
    first, after = bounds(span)
    # Not by when a session says that it was: events that it has forgotten since are in its row.
    fits: list[Any] = [{"$gte": [{"$max": "$events.at"}, first]}]
    fits += [{"$lt": [{"$min": "$events.at"}, after]}]
    fits += [{"$eq": ["$funnel_id", funnel_id]}] if funnel_id is not None else []
    fits += [{"$eq": ["$user_id", user_id]}] if user_id is not None else []
    within = {"$and": [{"$gte": ["$$this.at", first]}, {"$lt": ["$$this.at", after]}]}
    fields: dict[str, Any] = dict.fromkeys(("funnel_id", "visitor_id", "user_id", "session_id"), 1)
    fields["events"] = {"$filter": {"input": "$events", "as": "this", "cond": within}}
    async for ids in _fitting(scope, fits):
        for session in await scope.find(
            Sessions.collection, {"_id": {"$in": ids}}, fields=fields, order=[("_id", 1)]
        ):
            own = names.hide(session) if names else session
            for event in sorted(session["events"], key=lambda each: each["at"]):
                yield _row(own, event, span, with_metadata=names is None)


async def _fitting(scope: Scope, fits: list[Any]) -> AsyncIterator[list[str]]:
    """The `_id`s of sessions for which all of that is true, in order; a list is read at once."""
    where: dict[str, str] = dict(scope.beneath())
    while found := await scope.find(
        Sessions.collection,
        {"_id": where},
        fields={"fits": {"$and": fits}},
        order=[("_id", 1)],
        limit=_SESSIONS_LOOKED_AT,
    ):
        ids = [each["_id"] for each in found if each["fits"]]
        for start in range(0, len(ids), _SESSIONS_AT_ONCE):
            yield ids[start : start + _SESSIONS_AT_ONCE]
        where = {"$gt": found[-1]["_id"], "$lt": where["$lt"]}


def _row(session: Document, event: Document, span: Span, *, with_metadata: bool) -> EventRow:
    return EventRow(
        timestamp=span.render(event["at"]),
        event_type=event["event_type"],
        funnel_id=session["funnel_id"],
        visitor_id=session["visitor_id"],
        user_id=session.get("user_id"),
        session_id=session["session_id"],
        page_id=event["page_id"],
        step_id=event["step_id"],
        metadata=event["metadata"] if with_metadata else None,
    )
