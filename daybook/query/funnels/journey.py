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
    """One session in one funnel; an empty `funnel_id` stands for outside of any.

    `events` are the first 500 of `events_total` that arrived.
    """

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


PAGE_BYTES_MAX = 2 * 2**20
"""Of stored sessions in a page, or a single larger one: the service's memory has a bound whatever a
visitor has sent."""


def page_of(rows: Sequence[DayDocument], page_request: PageRequest) -> tuple[list[Any], bool]:
    """The `_id`s of a page's rows, and whether more follow.

    A page ends at its size, or earlier at PAGE_BYTES_MAX, so pages may have different numbers of
    sessions, and all of them together have each session once.
    """
    pages: list[list[Any]] = [[]]
    size_bytes = 0
    for row in sorted(rows, key=lambda row: (row["started_at"], row["_id"])):
        is_full = len(pages[-1]) == page_request.size
        if pages[-1] and (is_full or size_bytes + row["size"] > PAGE_BYTES_MAX):
            pages.append([])
            size_bytes = 0
        pages[-1].append(row["_id"])
        size_bytes += row["size"]
    chosen = pages[page_request.number - 1] if page_request.number <= len(pages) else []
    return chosen, page_request.number < len(pages)


def journey_report(
    visitor_id: str,
    rows: Sequence[DayDocument],
    page: Sequence[DayDocument],
    pagination: Pagination,
    now: datetime,
    zone: ZoneInfo,
) -> Journey:
    """`rows`: the summaries of all of the visitor's `funnel_sessions`, at least one.

    `page`: the page's rows, complete.
    """
    return Journey(
        visitor_id=visitor_id,
        first_seen_at=iso_timestamp(min(row["started_at"] for row in rows), zone),
        last_seen_at=iso_timestamp(max(row["last_at"] for row in rows), zone),
        total_sessions=len({row["session_id"] for row in rows}),
        total_page_views=sum(int(row["page_views"]) for row in rows),
        total_conversions=sum(int(row["conversions"]) for row in rows),
        sessions=[
            _session(row, now, zone)
            for row in sorted(page, key=lambda row: (_begin(row), row["_id"]))
        ],
        pagination=pagination,
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


def _number_of(kind: str) -> dict[str, Any]:
    of_kind = {"$eq": ["$$this.event_type", kind]}
    events = {"$ifNull": ["$events", []]}
    return {"$size": {"$filter": {"input": events, "cond": of_kind}}}


_SUMMARY: dict[str, Any] = {
    "session_id": True,
    "started_at": {"$ifNull": ["$started_at", {"$min": "$events.at"}]},
    "last_at": {"$ifNull": ["$last_at", {"$max": "$events.at"}]},
    "page_views": {"$ifNull": ["$page_views", _number_of("page_view")]},
    "conversions": {
        "$cond": [{"$isArray": "$conversions"}, {"$size": "$conversions"}, _number_of("conversion")]
    },
    "size": {"$bsonSize": "$$ROOT"},
}
"""What the totals need, with counts in place of lists, computed where the sessions are."""


async def load_visitor_sessions(
    scope: Scope, visitor_id: str, funnel_id: str | None
) -> list[Document]:
    """The summaries of all sessions of a visitor. Raises Problem (404) if there are none."""
    where: dict[str, Any] = {"_id": scope.beneath(visitor_id)}
    if funnel_id is not None:
        where["funnel_id"] = funnel_id
    sessions = await scope.find(Sessions.collection, where, fields=_SUMMARY)
    if not sessions:
        raise missing("visitor")
    return sessions


async def load_complete_sessions(scope: Scope, ids: Sequence[Any]) -> list[Document]:
    """The rows with these `_id`s, with all stored fields."""
    return await scope.find(Sessions.collection, {"_id": {"$in": list(ids)}}) if ids else []
