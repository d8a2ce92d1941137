"""What is answered about a file."""

from typing import Literal

from daybook.query.figures.body import Body
from schemas.export import Format, ReportType

Status = Literal["processing", "completed", "failed", "expired"]


class Accepted(Body):
    job_id: str
    status: Literal["processing"]
    estimated_completion: str


class Export(Body):
    """Times in UTC. What is not known yet, or not any more, is null.

    `rows` are those of all the file's tables. `download_url` needs no key, until `expires_at`.
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
