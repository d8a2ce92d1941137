"""What a visitor did, session by session."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from daybook.query.figures.body import Body
from daybook.query.figures.date_range import told
from daybook.query.figures.money import Document
from daybook.query.figures.pagination import Asked, Pagination

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


def page_of(rows: Sequence[Document], asked: Asked) -> list[Document]:
    """The rows that stand on a page."""
    ordered = sorted(rows, key=lambda row: (_begin(row), row["_id"]))
    return ordered[asked.skip : asked.skip + asked.size]


def journey(
    visitor_id: str,
    rows: Sequence[Document],
    shown: Sequence[Document],
    asked: Asked,
    now: datetime,
    zone: ZoneInfo,
) -> Journey:
    """`rows`: all of the visitor's `funnel_sessions`, at least one; `shown`: the page's, whole."""
    return Journey(
        visitor_id=visitor_id,
        first_seen_at=told(min(map(_begin, rows)), zone),
        last_seen_at=told(max(map(_end, rows)), zone),
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


def _session(row: Document, now: datetime, zone: ZoneInfo) -> Session:
    begin, end = _begin(row), _end(row)
    events = sorted(row["events"], key=lambda event: event["at"])
    return Session(
        session_id=row["session_id"],
        started_at=told(begin, zone),
        ended_at=told(end, zone) if now - end >= IDLE else None,
        funnel_id=row["funnel_id"],
        entry_page=row.get("entry_page"),
        exit_page=row.get("exit_page"),
        page_views=_page_views(row),
        time_spent_seconds=(end - begin) // timedelta(seconds=1),
        conversions=_conversions(row),
        path=list(row.get("path", ())),
        events_total=int(row["events_total"]),
        events=[event_told(event, zone) for event in events],
    )


def event_told(event: Mapping[str, Any], zone: ZoneInfo) -> JourneyEvent:
    """One of a row's events."""
    return JourneyEvent(
        event_type=event["event_type"],
        page_id=event["page_id"],
        step_id=event["step_id"],
        timestamp=told(event["at"], zone),
        metadata=dict(event["metadata"]),
    )


# A session that had its 500 events before it came to this funnel has no story of its own there,
# only the events as they came.


def _begin(row: Document) -> datetime:
    found: datetime = row.get("started_at") or min(event["at"] for event in row["events"])
    return found


def _end(row: Document) -> datetime:
    found: datetime = row.get("last_at") or max(event["at"] for event in row["events"])
    return found


def _page_views(row: Document) -> int:
    return int(row["page_views"]) if "page_views" in row else _of_type(row, "page_view")


def _conversions(row: Document) -> int:
    return len(row["conversions"]) if "conversions" in row else _of_type(row, "conversion")


def _of_type(row: Document, kind: str) -> int:
    return sum(event["event_type"] == kind for event in row["events"])
