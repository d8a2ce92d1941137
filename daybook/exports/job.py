"""An export job: the requested file, as the `export.requested` event describes it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import parse_moment
from schemas.envelope import organization_of
from schemas.export import Format, ReportType


@dataclass(frozen=True, slots=True)
class Job:
    organization_id: str
    job_id: str
    report_type: ReportType
    format: Format
    date_from: str
    date_to: str
    funnel_id: str | None
    user_id: str | None
    include_charts: bool
    include_pii: bool
    requested_at: datetime
    requester_email: str | None = None
    idempotency_mark: str | None = None

    @property
    def id(self) -> str:
        """The document's `_id`."""
        return f"{encode_part(self.organization_id)}:{encode_part(self.job_id)}"

    def file(self, attempt: int) -> str:
        """The name of this attempt's file: a digest, because ids may contain any characters."""
        return f"{hashlib.sha256(self.id.encode()).hexdigest()[:32]}-{attempt}.{self.format}"


def job_of_document(stored: Mapping[str, Any]) -> Job:
    """The job of a document of `exports`; those of earlier versions lack the last two fields."""
    return Job(**{field.name: stored[field.name] for field in fields(Job) if field.name in stored})


def job_of(event: Event) -> Job:
    """The job of an `export.requested` event; without an organization it belongs to `default`."""
    data = event["data"]
    return Job(
        organization_id=organization_of(event),
        job_id=data["job_id"],
        report_type=data["report_type"],
        format=data["format"],
        date_from=data["date_from"],
        date_to=data["date_to"],
        funnel_id=data.get("funnel_id"),
        user_id=data.get("user_id"),
        include_charts=data.get("include_charts", False),
        include_pii=data.get("include_pii", False),
        requested_at=parse_moment(event["occurred_at"]),
        requester_email=data.get("requester_email"),
        idempotency_mark=data.get("idempotency_mark"),
    )
