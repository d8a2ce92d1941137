"""The response bodies about exports."""

from typing import Literal

from daybook.query.figures.body import Body
from daybook.query.figures.pagination import Pagination
from schemas.export import Format, ReportType

Status = Literal["processing", "completed", "failed", "expired"]


class Accepted(Body):
    """The job of a request; of a repeated one, it may have ended, and then nothing is estimated."""

    job_id: str
    status: Status
    estimated_completion: str | None


class ListedExport(Body):
    """An export without its link, which its status has. `date_from` and `date_to` are included."""

    job_id: str
    status: Status
    report_type: ReportType
    format: Format
    funnel_id: str | None
    date_from: str
    date_to: str
    include_pii: bool
    requested_at: str
    completed_at: str | None
    expires_at: str | None
    bytes: int | None
    rows: int | None
    reason: str | None


class ExportList(Body):
    """Times are in the zone of the report; the newest exports come first."""

    exports: list[ListedExport]
    pagination: Pagination


class Export(Body):
    """Times are in UTC. Values that are not known yet, or no longer, are null.

    `rows` counts the rows of all tables in the file. `download_url` works without a key until
    `expires_at`.
    """

    job_id: str
    status: Status
    report_type: ReportType | None
    format: Format | None
    requested_at: str | None
    completed_at: str | None
    expires_at: str | None
    bytes: int | None
    rows: int | None
    reason: str | None
    download_url: str | None
