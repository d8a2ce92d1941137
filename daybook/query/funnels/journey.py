"""The report on a visitor's journey, session by session."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from daybook.query.figures.body import Body
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.figures.pagination import PageRequest, Pagination
from daybook.query.figures.totals import DayDocument
from daybook.query.problem import missing
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.session import Sessions

IDLE = timedelta(minutes=30)
"""A session has ended after this long without an event."""


class JourneyEvent(Body):
    event_type: str
    page_id: str | None
    step_id: str | None
    timestamp: str
    metadata: dict[str, Any]


class Session(Body):
    """One session in one funnel. `events` are the first 500 of `events_total` that arrived."""

    session_id: str
    started_at: str
    ended_at: str | None
    funnel_id: str
    entry_page: str | None
    exit_page: str | None
    page_views: int
    time_spent_seconds: int
    conversions: int
    path: list[str]
    events_total: int
    events: list[JourneyEvent]


class Journey(Body):
    """Totals cover all sessions; `sessions` is a page of them, earliest first.

    A session in two funnels counts once in `total_sessions`, and is two rows of `sessions`.
    """

    visitor_id: str
    first_seen_at: str
    last_seen_at: str
    total_sessions: int
    total_page_views: int
    total_conversions: int
    sessions: list[Session]
    pagination: Pagination


def page_of(rows: Sequence[DayDocument], page_request: PageRequest) -> list[DayDocument]:
    """The rows of a page."""
    ordered = sorted(rows, key=lambda row: (_begin(row), row["_id"]))
    return ordered[page_request.skip : page_request.skip + page_request.size]


def journey_report(
    visitor_id: str,
    rows: Sequence[DayDocument],
    page: Sequence[DayDocument],
    page_request: PageRequest,
    now: datetime,
    zone: ZoneInfo,
) -> Journey:
    """`rows`: all of the visitor's `funnel_sessions`, at least one, perhaps without events.

    `page`: the page's rows, complete.
    """
    return Journey(
        visitor_id=visitor_id,
        first_seen_at=iso_timestamp(min(map(_begin, rows)), zone),
        last_seen_at=iso_timestamp(max(map(_end, rows)), zone),
        total_sessions=len({row["session_id"] for row in rows}),
        total_page_views=sum(map(_page_views, rows)),
        total_conversions=sum(map(_conversions, rows)),
        sessions=[
            _session(row, now, zone)
            for row in sorted(page, key=lambda row: (_begin(row), row["_id"]))
        ],
        pagination=Pagination(
            page=page_request.number,
            page_size=page_request.size,
            has_more=page_request.skip + page_request.size < len(rows),
            next_cursor=None,
        ),
    )


def _session(row: DayDocument, now: datetime, zone: ZoneInfo) -> Session:
    begin, end = _begin(row), _end(row)
    events = sorted(row["events"], key=lambda event: event["at"])
    return Session(
        session_id=row["session_id"],
        started_at=iso_timestamp(begin, zone),
        ended_at=iso_timestamp(end, zone) if now - end >= IDLE else None,
        funnel_id=row["funnel_id"],
        entry_page=row.get("entry_page"),
        exit_page=row.get("exit_page"),
        page_views=_page_views(row),
        time_spent_seconds=(end - begin) // timedelta(seconds=1),
        conversions=_conversions(row),
        path=list(row.get("path", ())),
        events_total=int(row["events_total"]),
        events=[render_event(event, zone) for event in events],
    )


def render_event(event: Mapping[str, Any], zone: ZoneInfo) -> JourneyEvent:
    """An event of a row, as the report contains it."""
    return JourneyEvent(
        event_type=event["event_type"],
        page_id=event["page_id"],
        step_id=event["step_id"],
        timestamp=iso_timestamp(event["at"], zone),
        metadata=dict(event["metadata"]),
    )


# A session that had 500 events before it reached this funnel has no summary fields there,
# only its events.


def _begin(row: DayDocument) -> datetime:
    begin: datetime = row.get("started_at") or min(event["at"] for event in row["events"])
    return begin


def _end(row: DayDocument) -> datetime:
    end: datetime = row.get("last_at") or max(event["at"] for event in row["events"])
    return end


def _page_views(row: DayDocument) -> int:
    return int(row["page_views"]) if "page_views" in row else _count_type(row, "page_view")


def _conversions(row: DayDocument) -> int:
    return len(row["conversions"]) if "conversions" in row else _count_type(row, "conversion")


def _count_type(row: DayDocument, kind: str) -> int:
    return sum(event["event_type"] == kind for event in row["events"])


_SUMMARY = {
    name: True
    for name in (
        "session_id", "funnel_id", "started_at", "last_at", "page_views", "conversions",
    )
}  # fmt: skip


async def load_visitor_sessions(
    scope: Scope, visitor_id: str, funnel_id: str | None
) -> list[Document]:
    """All sessions of a visitor, without the events of rows that have summary fields.

    Raises Problem (404) if there are none.
    """
    where: dict[str, Any] = {"_id": scope.beneath(visitor_id)}
    if funnel_id is not None:
        where["funnel_id"] = funnel_id
    events = {"$cond": [{"$gt": ["$started_at", None]}, [], "$events"]}
    sessions = await scope.find(Sessions.collection, where, fields={**_SUMMARY, "events": events})
    if not sessions:
        raise missing("visitor")
    return sessions


async def load_complete_sessions(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    """The same rows with all stored fields."""
    ids = [row["_id"] for row in rows]
    return await scope.find(Sessions.collection, {"_id": {"$in": ids}})
