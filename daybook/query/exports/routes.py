"""The export routes: request a report as a file, read its status, download it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from daybook.engine.errors import Unavailable
from daybook.files.store import Gone
from daybook.query import metrics
from daybook.query.answer.report import Authenticated, Organization, Services
from daybook.query.caller import Caller
from daybook.query.examples import example, with_example
from daybook.query.exports import job_id as job_ids
from daybook.query.exports.body import Accepted, Export, Status
from daybook.query.exports.idempotency import HEADER, mark_of, queued_job
from daybook.query.exports.job_state import export_of, may_read, status_of
from daybook.query.exports.recipient import is_allowed
from daybook.query.exports.request import ExportRequest, read_export_request
from daybook.query.exports.services import ExportServices
from daybook.query.exports.signed_link import PREFIX, check, gone
from daybook.query.figures.date_range import Span, iso_timestamp, parse_span
from daybook.query.funnels.definition import load_definition
from daybook.query.middleware import TURN
from daybook.query.problem import Problem, forbidden, missing, unavailable
from daybook.query.read import groups
from daybook.query.read.scope import Scope, organization_scope
from models.export import UNDONE, Exports
from schemas.fields import Id

router = APIRouter(prefix=PREFIX, tags=["exports"])

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SECONDS = {"events": 30, "conversions": 10}
_DEFAULT_SECONDS = 3
WAITING_MAX = 500
"""Exports of an organization that may wait: at 3 s each, the last one is made in 25 minutes."""

_UTC = ZoneInfo("UTC")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias=HEADER,
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="a text of the caller's own, under which a request may be sent again",
    ),
]
JobId = Annotated[Id, Path(description="as returned by the export request")]
LinkOrganization = Annotated[
    Id, Query(alias="organization_id", description="part of the signed link")
]
Expires = Annotated[int, Query(ge=0, le=253_402_300_799, description="part of the signed link")]
Signature = Annotated[str, Query(max_length=128, description="part of the signed link")]


REQUEST_EXPORT: dict[str, Any] = {
    "responses": {
        202: {"content": {"application/json": {"example": example("export-accepted")}}},
        400: {"description": "The body is not JSON, or the report type is unknown"},
        408: {"description": "The body did not arrive within 10 seconds"},
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


@router.post("", status_code=202, **REQUEST_EXPORT)
async def request_export(
    request: Request,
    caller: Authenticated,
    organization_id: Organization = None,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Requests a report as a file. A worker writes it; the response estimates when it is ready."""
    services: Services = request.app.state.services
    scope = organization_scope(services.reader, caller, organization_id)
    export_request, exports = await read_export_request(request), _exports(request)
    if export_request.include_pii and not caller.is_admin:
        raise forbidden("personal data (`include_pii`) requires the role admin")
    now, organization = datetime.now(UTC), scope.organization
    days = await _days(services, export_request, now)
    bounds = {"date_from": days.first.isoformat(), "date_to": days.last.isoformat()}
    in_days = export_request.model_copy(update=bounds)
    if export_request.funnel_id is not None:
        await load_definition(scope, export_request.funnel_id)
    requester: dict[str, str] = {}
    if caller.email is not None and is_allowed(caller.email, exports.mail_domains):
        requester["requester_email"] = caller.email
    if idempotency_key is not None:
        mark = mark_of(exports.secret, organization, caller, idempotency_key)
        queued = await queued_job(scope, mark, in_days)
        if queued is not None:
            return _accepted(queued["job_id"], status_of(queued, now), in_days, now)
        requester["idempotency_mark"] = mark
    waiting = await _waiting(services, scope)
    job_id = job_ids.issue(exports.secret, organization, now)
    if idempotency_key is not None:
        # Published again for a job that no worker has queued yet: workers queue an id once.
        job_id = await exports.job_ids.reserve(mark, job_id, in_days)
    await request.scope[TURN]()  # it may wait for the brokers
    await exports.publisher.publish(job_id, organization, in_days, now, requester)
    return _accepted(job_id, "processing", in_days, now, waiting)


def _accepted(
    job_id: str, status: Status, export_request: ExportRequest, now: datetime, waiting: int = 0
) -> Accepted:
    """The answer to a request; while its job is not done, with an estimate of when it will be."""
    seconds = _SECONDS.get(export_request.report_type, _DEFAULT_SECONDS)
    ready = now + timedelta(seconds=seconds + waiting * _DEFAULT_SECONDS)
    return Accepted(
        job_id=job_id,
        status=status,
        estimated_completion=iso_timestamp(ready, _UTC) if status == "processing" else None,
    )


@router.get("/{job_id}", **with_example("export"))
async def export_status(
    request: Request, caller: Authenticated, job_id: JobId, organization_id: Organization = None
) -> Export:
    """The status of an export, with the download link once the file is ready."""
    services: Services = request.app.state.services
    scope = organization_scope(services.reader, caller, organization_id)
    exports, now = _exports(request), datetime.now(UTC)
    organization = scope.organization
    is_known = job_ids.is_issued_to(exports.secret, organization, job_id, now)
    stored = await scope.find_one(Exports.collection, {"_id": scope.id(job_id)})
    if stored is not None and not may_read(stored, caller):
        raise missing("export")
    if stored is not None:
        return export_of(stored, exports, now)
    if not is_known:
        raise missing("export")
    # No worker has started it, so nothing about it is stored yet.
    unknown = dict.fromkeys(Export.model_fields)
    return Export.model_validate(unknown | {"job_id": job_id, "status": "processing"})


_FILE = """\
table,funnel_id,period.start,period.end,visitors.total,step_id,entries
report,spring,2026-11-01,2026-11-19,1204,,
steps,,,,,catalog,1204
"""


DOWNLOAD_EXPORT: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file, with its name in `Content-Disposition`",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _FILE}},
        },
        403: {"description": "The link's signature is invalid"},
        410: {"description": "The link has expired, or the file is gone"},
    },
    "openapi_extra": {"security": []},
}


@router.get("/{job_id}/download", response_class=Response, **DOWNLOAD_EXPORT)
async def download_export(
    request: Request,
    job_id: JobId,
    organization: LinkOrganization,
    expires: Expires,
    signature: Signature,
) -> Response:
    """The file of a signed link, which needs no key; 410 once the link has expired."""
    services: Services = request.app.state.services
    exports, now = _exports(request), datetime.now(UTC)
    check(exports.secret, organization, job_id, expires, signature, now)
    scope = Scope(services.reader, Caller("link", "server", organization), organization)
    stored = await scope.find_one(Exports.collection, {"_id": scope.id(job_id)})
    if stored is None or status_of(stored, now) != "completed":
        raise gone()
    await request.scope[TURN]()  # it may wait for the bucket
    try:
        chunks = await asyncio.to_thread(exports.files.read, stored["file"])
    except Gone:
        raise gone() from None
    except Unavailable:
        raise unavailable("the export files are unavailable at the moment") from None
    name = f"{stored['report_type']}-{stored['date_from']}-{stored['date_to']}.{stored['format']}"
    headers = {
        "Content-Disposition": f'attachment; filename="daybook-{name}"',
        "Content-Length": str(stored["bytes"]),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(chunks, 200, headers, _MEDIA_TYPES[stored["format"]])


async def _days(services: Services, export_request: ExportRequest, now: datetime) -> Span:
    """The request's range of days. Raises Problem (422)."""
    zone = await services.freshness.zone()
    today, names = now.astimezone(zone).date(), ("date_from", "date_to")
    return parse_span(export_request.date_from, export_request.date_to, zone, zone, today, names)


async def _waiting(services: Services, scope: Scope) -> int:
    """How many exports of the organization wait, with all that no worker has queued yet.

    Raises Problem (429) if they are too many; Unavailable.
    """
    waiting = await scope.count(Exports.collection, UNDONE)
    if waiting >= WAITING_MAX:
        metrics.BUSY.inc()
        headers = {"Retry-After": str(waiting * _DEFAULT_SECONDS // 10)}
        raise Problem(429, "too many exports of this organization are waiting", headers)
    fresh = await services.freshness.as_of(groups.EXPORTS, _UTC)
    return waiting + (fresh["lag_messages"] or 0)
