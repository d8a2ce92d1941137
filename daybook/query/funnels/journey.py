"""What a visitor did, session by session."""

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
"""A session has ended once nothing came for so long."""


class JourneyEvent(Body):
    event_type: str
    page_id: str | None
    step_id: str | None
    timestamp: str
    metadata: dict[str, Any]


class Session(Body):
    """One session in one funnel. `events` are the first 500 that arrived, of `events_total`."""

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
    """Totals are of all sessions; `sessions` a page of them, the earliest first.

    A session that went through two funnels is one of `total_sessions`, and two of `sessions`.
    """

    visitor_id: str
    first_seen_at: str
    last_seen_at: str
    total_sessions: int
    total_page_views: int
    total_conversions: int
    sessions: list[Session]
    pagination: Pagination


def page_of(rows: Sequence[DayDocument], asked: PageRequest) -> list[DayDocument]:
    """The rows that stand on a page."""
    ordered = sorted(rows, key=lambda row: (_begin(row), row["_id"]))
    return ordered[asked.skip : asked.skip + asked.size]


def journey_report(
    visitor_id: str,
    rows: Sequence[DayDocument],
    shown: Sequence[DayDocument],
    asked: PageRequest,
    now: datetime,
    zone: ZoneInfo,
) -> Journey:
    """`rows`: all of the visitor's `funnel_sessions`, at least one; `shown`: the page's, whole."""
    return Journey(
        visitor_id=visitor_id,
        first_seen_at=iso_timestamp(min(map(_begin, rows)), zone),
        last_seen_at=iso_timestamp(max(map(_end, rows)), zone),
        total_sessions=len({row["session_id"] for row in rows}),
        total_page_views=sum(map(_page_views, rows)),
        total_conversions=sum(map(_conversions, rows)),
        sessions=[
            _session(row, now, zone)
            for row in sorted(shown, key=lambda row: (_begin(row), row["_id"]))
        ],
        pagination=Pagination(
            page=asked.number,
            page_size=asked.size,
            has_more=asked.skip + asked.size < len(rows),
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
    """One of a row's events."""
    return JourneyEvent(
        event_type=event["event_type"],
        page_id=event["page_id"],
        step_id=event["step_id"],
        timestamp=iso_timestamp(event["at"], zone),
        metadata=dict(event["metadata"]),
    )


# A session that had its 500 events before it came to this funnel has no story of its own there,
# only the events as they came.


def _begin(row: DayDocument) -> datetime:
    found: datetime = row.get("started_at") or min(event["at"] for event in row["events"])
    return found


def _end(row: DayDocument) -> datetime:
    found: datetime = row.get("last_at") or max(event["at"] for event in row["events"])
    return found


def _page_views(row: DayDocument) -> int:
    return int(row["page_views"]) if "page_views" in row else _of_type(row, "page_view")


def _conversions(row: DayDocument) -> int:
    return len(row["conversions"]) if "conversions" in row else _of_type(row, "conversion")


def _of_type(row: DayDocument, kind: str) -> int:
    return sum(event["event_type"] == kind for event in row["events"])


_STORY = {
    name: True
    for name in (
        "session_id", "funnel_id", "started_at", "last_at", "page_views", "conversions",
    )
}  # fmt: skip


async def load_visitor_sessions(
    scope: Scope, visitor_id: str, funnel_id: str | None
) -> list[Document]:
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


async def load_whole_sessions(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    """The same rows with everything that is stored of them."""
    names = [row["_id"] for row in rows]
    return await scope.find(Sessions.collection, {"_id": {"$in": names}})
