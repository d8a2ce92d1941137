"""Events of sc.analytics.exports, keyed by `data.job_id`: export jobs and their outcomes."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Moment, Text

ReportType = Literal["overview", "conversions", "dropoffs", "revenue", "events"]
Format = Literal["csv", "xlsx", "pdf", "json"]
Bound = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z:.+-]{1,40}$")]
"""A day, or a time, which stands for its day in the fleet's zone."""


class Job(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    job_id: Id


class Request(Job):
    report_type: ReportType
    funnel_id: NotRequired[Id]
    user_id: NotRequired[Id]
    date_from: Bound
    date_to: Bound
    format: Format
    include_charts: NotRequired[bool]
    include_pii: NotRequired[bool]


class Completion(Job):
    bytes: Annotated[int, Field(ge=0)]
    rows: Annotated[int, Field(ge=0)]
    expires_at: Moment


class Failure(Job):
    reason: Text


class ExportRequested(Envelope):
    event_type: Literal["export.requested"]
    data: Request


class ExportCompleted(Envelope):
    event_type: Literal["export.completed"]
    data: Completion


class ExportFailed(Envelope):
    event_type: Literal["export.failed"]
    data: Failure


ExportEvent = Annotated[
    ExportRequested | ExportCompleted | ExportFailed, Field(discriminator="event_type")
]
