"""The rows of an event export, one per event, read from the stored sessions."""

from collections.abc import AsyncIterator
from typing import Any

from daybook.exports.patient_scope import read_page
from daybook.exports.pseudonyms import Pseudonyms
from daybook.query.figures.body import Body, Period
from daybook.query.figures.date_range import Span
from daybook.query.funnels.conversions import bounds
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.session import Sessions

_SESSIONS_SCANNED = 1_000
_SESSIONS_READ = 50
_BYTES_READ = 4 * 2**20
"""Of sessions that are read together, so that the worker's memory has a bound whatever is in them;
a session has at most 2 MB."""


class EventRow(Body):
    """`metadata` as it was tracked; null unless the export includes personal data."""

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
    """The head of an event export: which events its rows contain."""

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
    """The events within the range, by session in the order of `_id`, and by time in a session.

    The order is stable while sessions are added. A session stores its first 500 events only. With
    `names`, ids are replaced by pseudonyms and metadata is null.

    Sessions without a matching event are skipped without reading their events, and the others are
    read a few at a time, so that each query is small; fewer where it takes too long.
    """
    first, after = bounds(span)
    # By the stored events: the session's own times also cover events that were not stored.
    conditions: list[Any] = [{"$gte": [{"$max": "$events.at"}, first]}]
    conditions += [{"$lt": [{"$min": "$events.at"}, after]}]
    conditions += [{"$eq": ["$funnel_id", funnel_id]}] if funnel_id is not None else []
    conditions += [{"$eq": ["$user_id", user_id]}] if user_id is not None else []
    within = {"$and": [{"$gte": ["$$this.at", first]}, {"$lt": ["$$this.at", after]}]}
    fields: dict[str, Any] = dict.fromkeys(("funnel_id", "visitor_id", "user_id", "session_id"), 1)
    fields["events"] = {"$filter": {"input": "$events", "as": "this", "cond": within}}
    async for ids in _matching_ids(scope, conditions):
        within_ids = {"_id": {"$in": ids}}
        for session in await scope.find(
            Sessions.collection, within_ids, fields=fields, order=[("_id", 1)]
        ):
            visible = names.hide(session) if names else session
            for event in sorted(session["events"], key=lambda event: event["at"]):
                yield _row(visible, event, span, with_metadata=names is None)


async def _matching_ids(scope: Scope, conditions: list[Any]) -> AsyncIterator[list[str]]:
    """Lists of the `_id`s, in order, of sessions that fulfil all conditions."""
    query: dict[str, str] = dict(scope.beneath())
    fields = {"matches": {"$and": conditions}, "size": {"$bsonSize": "$$ROOT"}}
    size = _SESSIONS_SCANNED

    async def scan(rows: int) -> list[Document]:
        return await scope.find(
            Sessions.collection, {"_id": query}, fields=fields, order=[("_id", 1)], limit=rows
        )

    while True:
        scanned, size = await read_page(scan, size, _SESSIONS_SCANNED)
        if not scanned:
            return
        ids: list[str] = []
        size_bytes = 0
        for session in scanned:
            if not session["matches"]:
                continue
            if ids and (len(ids) == _SESSIONS_READ or size_bytes + session["size"] > _BYTES_READ):
                yield ids
                ids, size_bytes = [], 0
            ids.append(session["_id"])
            size_bytes += session["size"]
        if ids:
            yield ids
        query = {"$gt": scanned[-1]["_id"], "$lt": query["$lt"]}


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
