"""What somebody asks for: read within bounds, and judged."""

from typing import Any, get_args

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from daybook.query.problem import Problem, wrong
from schemas.export import Bound, Format, ReportType
from schemas.fields import Id

_BYTES_MAX = 16_384
_TYPES = get_args(ReportType)


class ExportRequest(BaseModel):
    """A report of a range of days as a file. Without `include_pii` visitors have pseudonyms."""

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
        """Raises Problem (400), whatever else is wrong."""
        if isinstance(value, dict) and value.get("report_type", _TYPES[0]) not in _TYPES:
            raise Problem(400, f"report_type: is one of {', '.join(_TYPES)}")
        return value


async def read(request: Request) -> ExportRequest:
    """Raises Problem: 400, 413, 422; reads no more than that takes."""
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > _BYTES_MAX:
            raise Problem(413, f"a body may have {_BYTES_MAX:,} bytes", {"Connection": "close"})
    try:
        found = ExportRequest.model_validate_json(raw)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)
        if told[0]["type"] == "json_invalid":
            raise Problem(400, "the body is not JSON") from None
        named = [each | {"loc": ("body", *each["loc"])} for each in told]
        raise RequestValidationError(named) from None
    if found.report_type != "events":
        if found.funnel_id is None:
            raise wrong("funnel_id", f"is needed: {found.report_type} is a report of a funnel")
        if found.user_id is not None:
            raise wrong("user_id", "is of the report `events` alone")
    return found
