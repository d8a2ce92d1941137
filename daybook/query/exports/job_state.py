"""An export job as callers see it, from its stored document."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daybook.query.caller import Caller
from daybook.query.exports.body import Export, ListedExport, Status
from daybook.query.exports.services import ExportServices
from daybook.query.exports.signed_link import link
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.read.mongo import Document, Filter

_UTC = ZoneInfo("UTC")
_WITHOUT_PII: Filter = {"include_pii": {"$ne": True}}


def may_read(stored: Document, caller: Caller) -> bool:
    """Whether the caller may know of this job: those with personal data are the admins'."""
    return caller.is_admin or not stored["include_pii"]


def readable_by(caller: Caller) -> Filter:
    """The filter for the jobs that `may_read` allows."""
    return {} if caller.is_admin else _WITHOUT_PII


def status_of(stored: Document, now: datetime) -> Status:
    """The status; past its time a file is `expired`, whether it has been deleted yet or not."""
    status: Status = stored["status"]
    is_over = status == "completed" and stored["expires_at"] <= now
    return "expired" if is_over else status


def with_status(status: Status, now: datetime) -> Filter:
    """The filter for the jobs of which `status_of` says this."""
    match status:
        case "completed":
            return {"status": status, "expires_at": {"$gt": now}}
        case "expired":
            over = {"status": "completed", "expires_at": {"$lte": now}}
            return {"$or": [{"status": status}, over]}
        case _:
            return {"status": status}


def export_of(stored: Document, exports: ExportServices, now: datetime) -> Export:
    """The job's status, with the link to its file while there is one."""
    status = status_of(stored, now)
    url = None
    if status == "completed":
        signed = stored["organization_id"], stored["job_id"], stored["expires_at"]
        url = link(exports.secret, exports.public_url, *signed)
    return Export(
        report_type=stored["report_type"],
        format=stored["format"],
        download_url=url,
        **_progress(stored, now, _UTC),
    )


def listed_export(stored: Document, now: datetime, zone: ZoneInfo) -> ListedExport:
    return ListedExport(
        report_type=stored["report_type"],
        format=stored["format"],
        funnel_id=stored["funnel_id"],
        date_from=stored["date_from"],
        date_to=stored["date_to"],
        include_pii=stored["include_pii"],
        **_progress(stored, now, zone),
    )


def _progress(stored: Document, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    status = status_of(stored, now)
    return {
        "job_id": stored["job_id"],
        "status": status,
        "requested_at": iso_timestamp(stored["requested_at"], zone),
        "completed_at": None if status == "failed" else _moment(stored["ended_at"], zone),
        "expires_at": _moment(stored["expires_at"], zone),
        "bytes": _count(stored["bytes"]),
        "rows": _count(stored["rows"]),
        "reason": stored["reason"],
    }


def _moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    return iso_timestamp(at, zone) if at else None


def _count(number: int | None) -> int | None:
    return None if number is None else int(number)
