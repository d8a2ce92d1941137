"""Reads and validates the body of an export request."""

from typing import Any, get_args

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from daybook.query.problem import Problem, wrong
from daybook.query.request_body import read_body
from schemas.export import Bound, Format, ReportType
from schemas.fields import Id

_TYPES = get_args(ReportType)


class ExportRequest(BaseModel):
    """A report of a range of days as a file. Without `include_pii` visitor ids are pseudonyms."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    report_type: ReportType
    funnel_id: Id | None = None
    user_id: Id | None = None
    date_from: Bound
    date_to: Bound
    format: Format
    include_charts: bool = False
    include_pii: bool = False

    @model_validator(mode="before")
    @classmethod
    def _known_report(cls, value: Any) -> Any:
        """Raises Problem (400) for an unknown report type, before any other check."""
        if isinstance(value, dict) and value.get("report_type", _TYPES[0]) not in _TYPES:
            raise Problem(400, f"report_type: must be one of {', '.join(_TYPES)}")
        return value


async def read_export_request(request: Request) -> ExportRequest:
    """The request's body. Raises Problem: 400, 413, 422."""
    raw = await read_body(request)
    try:
        export_request = ExportRequest.model_validate_json(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise Problem(400, "the body is not JSON") from None
        located = [item | {"loc": ("body", *item["loc"])} for item in errors]
        raise RequestValidationError(located) from None
    if export_request.report_type != "events":
        if export_request.funnel_id is None:
            raise wrong(
                "funnel_id", f"is required for the report type {export_request.report_type}"
            )
        if export_request.user_id is not None:
            raise wrong("user_id", "is only allowed for the report type `events`")
    return export_request
