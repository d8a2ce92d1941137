"""Events of sc.analytics.exports, keyed by `data.job_id`: export jobs and their outcomes."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import DAY, OFFSET, STRICT, TIME, Id, Moment, Text

ReportType = Literal["overview", "conversions", "dropoffs", "revenue", "events"]
Format = Literal["csv", "xlsx", "pdf", "json"]
Bound = Annotated[str, StringConstraints(pattern=f"^{DAY}(T{TIME}({OFFSET})?)?$")]
"""A day, or a time, which stands for its day in the fleet's zone."""


_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        pattern=rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({_LABEL}\.)+{_LABEL}$",
    ),
]
"""An address as HTML's `<input type=email>` takes it, with a domain of two labels or more."""

Mark = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]


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
    requester_email: NotRequired[Email]
    idempotency_mark: NotRequired[Mark]


FILE_BYTES_MAX = 10**15
FILE_ROWS_MAX = 10**12
"""Far beyond any file, and far below the end of int64."""


class Completion(Job):
    bytes: Annotated[int, Field(ge=0, le=FILE_BYTES_MAX)]
    rows: Annotated[int, Field(ge=0, le=FILE_ROWS_MAX)]
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
