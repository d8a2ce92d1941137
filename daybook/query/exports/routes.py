"""The routes of exports: a report as a file, asked for, looked after, fetched."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from daybook.engine.errors import Unavailable
from daybook.files.store import Gone
from daybook.query.answer.report import Asking, Organization, Services
from daybook.query.caller import Caller
from daybook.query.examples import example, shown_as
from daybook.query.exports import job_id as ticket
from daybook.query.exports import request as orders
from daybook.query.exports.body import Accepted, Export, Status
from daybook.query.exports.request import ExportRequest
from daybook.query.exports.services import ExportServices
from daybook.query.exports.signed_link import PREFIX, check, gone, link
from daybook.query.figures.date_range import Span, iso_timestamp, span
from daybook.query.funnels.definition import load_definition
from daybook.query.problem import missing, unavailable
from daybook.query.read import groups
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope, organization_scope
from models.export import Exports
from schemas.fields import Id

router = APIRouter(prefix=PREFIX, tags=["exports"])

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SECONDS = {"events": 30, "conversions": 10}
_SECONDS_ELSE = 3
_UTC = ZoneInfo("UTC")

JobId = Annotated[Id, Path(description="as it was answered")]
OfLink = Annotated[Id, Query(alias="organization_id", description="of the link")]
Expires = Annotated[int, Query(ge=0, le=253_402_300_799, description="of the link")]
Signature = Annotated[str, Query(max_length=128, description="of the link")]


ASK: dict[str, Any] = {
    "responses": {
        202: {"content": {"application/json": {"example": example("export-accepted")}}},
        400: {"description": "Not JSON, or no such report type"},
        413: {"description": "The body is over 16 KiB"},
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": ExportRequest.model_json_schema(),
                    "example": example("export-order"),
                }
            },
        }
    },
}


def _exports(request: Request) -> ExportServices:
    services: ExportServices = request.app.state.exports
    return services


@router.post("", status_code=202, **ASK)
async def ask(request: Request, own: Asking, organization_id: Organization = None) -> Accepted:
    """Ask for a report as a file. A worker makes it; the answer says when to look again."""
    services: Services = request.app.state.services
    scope = organization_scope(services.reader, own, organization_id)
    order, exports = await orders.read(request), _exports(request)
    now = datetime.now(UTC)
    days = await _days(services, order, now)
    if order.funnel_id is not None:
        await load_definition(scope, order.funnel_id)
    ready = now + timedelta(seconds=await _seconds(services, order))
    organization = scope.organization
    job_id = ticket.issue(exports.secret, organization, now)
    bounds = {"date_from": days.first.isoformat(), "date_to": days.last.isoformat()}
    asked = order.model_copy(update=bounds)
    await exports.publisher.publish(job_id, organization, asked, now)
    return Accepted(
        job_id=job_id, status="processing", estimated_completion=iso_timestamp(ready, _UTC)
    )


@router.get("/{job_id}", **shown_as("export"))
async def look(
    request: Request, own: Asking, job_id: JobId, organization_id: Organization = None
) -> Export:
    """How far a file is, and once it is there, where it is fetched."""
    services: Services = request.app.state.services
    scope = organization_scope(services.reader, own, organization_id)
    exports, now = _exports(request), datetime.now(UTC)
    organization = scope.organization
    is_own = ticket.is_own(exports.secret, organization, job_id, now)
    found = await scope.find_one(Exports.collection, {"_id": scope.id(job_id)})
    if found is not None:
        return _export(found, exports, now)
    if not is_own:
        raise missing("export")
    # Asked for an instant ago, or its turn has not come: no worker has written of it yet.
    unknown = dict.fromkeys(Export.model_fields)
    return Export.model_validate(unknown | {"job_id": job_id, "status": "processing"})


_FILE = """\
table,funnel_id,period.start,period.end,visitors.total,step_id,entries
report,spring,2026-11-01,2026-11-19,1204,,
steps,,,,,catalog,1204
"""


FETCH: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file, called as `Content-Disposition` says",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _FILE}},
        },
        403: {"description": "A link that was not signed here"},
        410: {"description": "The link has expired, and the file is gone"},
    },
    "openapi_extra": {"security": []},
}


@router.get("/{job_id}/download", response_class=Response, **FETCH)
async def fetch(
    request: Request, job_id: JobId, organization: OfLink, expires: Expires, signature: Signature
) -> Response:
    """The file, to whoever has the link; 410 once it has expired."""
    services: Services = request.app.state.services
    exports, now = _exports(request), datetime.now(UTC)
    check(exports.secret, organization, job_id, expires, signature, now)
    scope = Scope(services.reader, Caller("link", "server", organization), organization)
    found = await scope.find_one(Exports.collection, {"_id": scope.id(job_id)})
    if found is None or _status(found, now) != "completed":
        raise gone()
    try:
        pieces = await asyncio.to_thread(exports.files.read, found["file"])
    except Gone:
        raise gone() from None
    except Unavailable:
        raise unavailable("the files cannot be reached at the moment") from None
    name = f"{found['report_type']}-{found['date_from']}-{found['date_to']}.{found['format']}"
    headers = {
        "Content-Disposition": f'attachment; filename="daybook-{name}"',
        "Content-Length": str(found["bytes"]),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(pieces, 200, headers, _MEDIA_TYPES[found["format"]])


async def _days(services: Services, order: orders.ExportRequest, now: datetime) -> Span:
    """Raises Problem (422)."""
    zone = await services.freshness.zone()
    today, names = now.astimezone(zone).date(), ("date_from", "date_to")
    return span(order.date_from, order.date_to, zone, zone, today, names)


async def _seconds(services: Services, order: orders.ExportRequest) -> int:
    """What a file of its kind takes, and those that wait before it. Raises Unavailable."""
    fresh = await services.freshness.of(groups.EXPORTS, _UTC)
    waiting = fresh["lag_messages"] or 0
    return _SECONDS.get(order.report_type, _SECONDS_ELSE) + waiting * _SECONDS_ELSE


def _status(found: Document, now: datetime) -> Status:
    """A file whose time is over is expired, whether it was swept away yet or not."""
    status: Status = found["status"]
    is_over = status == "completed" and found["expires_at"] <= now
    return "expired" if is_over else status


def _export(found: Document, exports: ExportServices, now: datetime) -> Export:
    status = _status(found, now)
    url = None
    if status == "completed":
        of = found["organization_id"], found["job_id"], found["expires_at"]
        url = link(exports.secret, exports.public_url, *of)
    return Export(
        job_id=found["job_id"],
        status=status,
        report_type=found["report_type"],
        format=found["format"],
        requested_at=_moment(found["requested_at"]),
        completed_at=None if status == "failed" else _moment(found["ended_at"]),
        expires_at=_moment(found["expires_at"]),
        bytes=_count(found["bytes"]),
        rows=_count(found["rows"]),
        reason=found["reason"],
        download_url=url,
    )


def _moment(at: datetime | None) -> str | None:
    return iso_timestamp(at, _UTC) if at else None


def _count(number: int | None) -> int | None:
    return None if number is None else int(number)
