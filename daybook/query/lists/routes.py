"""The routes of the lists: funnels, ticketed events, experiments and exports."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from daybook.query.answer.cache import REALTIME
from daybook.query.answer.parameters import CursorParameter, PageSize
from daybook.query.answer.report import OrganizationReport
from daybook.query.examples import with_schema
from daybook.query.exports.body import ExportList, Status
from daybook.query.exports.job_state import listed_export, readable_by, with_status
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.figures.pagination import SIZE, parse_id_cursor
from daybook.query.lists.body import (
    EventList,
    EventStatus,
    ExperimentList,
    ExperimentStatus,
    FunnelList,
    FunnelStatus,
    ListedEvent,
    ListedExperiment,
    ListedFunnel,
)
from daybook.query.lists.load import Selection, load_events, load_page, page_of
from daybook.query.read import groups
from models.export import Exports

router = APIRouter(prefix="/api/v1/analytics", tags=["lists"])

Name = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=r"^[^\p{Cc}]+$",
        description="only those whose name or id contains this, in any case",
    ),
]


def _selection(
    name: Name = None, page_size: PageSize = SIZE, cursor: CursorParameter = None
) -> Selection:
    """Raises Problem (422) for an invalid cursor."""
    return Selection(name, page_size, None if cursor is None else parse_id_cursor(cursor))


Selected = Annotated[Selection, Depends(_selection)]


@router.get("/funnels", **with_schema("lists/funnels", FunnelList))
async def list_funnels(
    report: OrganizationReport, selection: Selected, status: FunnelStatus | None = None
) -> Response:
    """The organization's funnels, by id."""

    async def build() -> dict[str, Any]:
        filters = [_status(status), selection.matching("name", "funnel_id")]
        found = await load_page(report.scope, "funnels", selection, filters)
        page, pagination = page_of(found, "funnel_id", selection)
        rows = [
            ListedFunnel(funnel_id=row["funnel_id"], name=row["name"], status=row["status"])
            for row in page
        ]
        return FunnelList(funnels=rows, pagination=pagination).model_dump()

    return await report.answer(REALTIME, groups.FUNNEL_STEP, build)


@router.get("/events", **with_schema("lists/events", EventList))
async def list_events(
    report: OrganizationReport, selection: Selected, status: EventStatus | None = None
) -> Response:
    """The organization's ticketed events, by id."""

    async def build() -> dict[str, Any]:
        found = await load_events(report.scope, selection, status)
        page, pagination = page_of(found, "event_id", selection)
        rows = [
            ListedEvent(
                event_id=row["event_id"],
                name=row.get("name"),
                status=row.get("status"),
                starts_at=_moment(row.get("starts_at"), report.zone),
                capacity=None if row.get("capacity") is None else int(row["capacity"]),
            )
            for row in page
        ]
        return EventList(events=rows, pagination=pagination).model_dump()

    return await report.answer(REALTIME, groups.FUNNEL_STEP, build)


@router.get("/experiments", **with_schema("lists/experiments", ExperimentList))
async def list_experiments(
    report: OrganizationReport, selection: Selected, status: ExperimentStatus | None = None
) -> Response:
    """The A/B tests of all funnels of the organization, by id."""

    async def build() -> dict[str, Any]:
        filters = [_status(status), selection.matching("name", "test_id")]
        found = await load_page(report.scope, "experiments", selection, filters)
        page, pagination = page_of(found, "test_id", selection)
        rows = [
            ListedExperiment(
                test_id=row["test_id"],
                test_name=row["name"],
                funnel_id=row["funnel_id"],
                status=row["status"],
                started_at=_moment(row["started_at"], report.zone),
                completed_at=_moment(row["completed_at"], report.zone),
            )
            for row in page
        ]
        return ExperimentList(experiments=rows, pagination=pagination).model_dump()

    return await report.answer(REALTIME, groups.FUNNEL_STEP, build)


@router.get("/exports", **with_schema("lists/exports", ExportList))
async def list_exports(
    report: OrganizationReport, selection: Selected, status: Status | None = None
) -> Response:
    """The organization's exports, the newest first; `name` is a report type, a funnel or a job."""

    async def build() -> dict[str, Any]:
        now = report.now
        filters = [
            readable_by(report.scope.caller),
            with_status(status, now) if status else {},
            selection.matching("report_type", "funnel_id", "job_id"),
        ]
        found = await load_page(
            report.scope, Exports.collection, selection, filters, is_descending=True
        )
        page, pagination = page_of(found, "job_id", selection)
        rows = [listed_export(row, now, report.zone) for row in page]
        return ExportList(exports=rows, pagination=pagination).model_dump()

    return await report.answer(REALTIME, groups.EXPORTS, build)


def _status(status: str | None) -> dict[str, str]:
    return {} if status is None else {"status": status}


def _moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    return iso_timestamp(at, zone) if at else None
