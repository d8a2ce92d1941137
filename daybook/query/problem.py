"""Problem details (RFC 9457), the body of every error response; they never repeat the input."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from daybook.engine.errors import Unavailable
from schemas.patterns import IN_WORDS

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="daybook"'}
_ERRORS_MAX = 20

CURRENCY = "^[A-Z]{3}$"
"""The pattern of currency parameters."""

_IN_WORDS = IN_WORDS | {CURRENCY: "must be an ISO 4217 code, such as USD"}

_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""The titles of RFC 9110: Python's own differ between versions."""


class Problem(Exception):
    """Ends a request with this status. `detail` is a sentence for the person who sent it."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)


class TookTooLong(Unavailable):
    """MongoDB answers, but not to this question within the time limit: a smaller one may do."""

    def __init__(self) -> None:
        super().__init__("the report took longer than the time limit; use a shorter range")


def missing(what: str) -> Problem:
    """The only 404: the same for a missing object and for one of another organization."""
    return Problem(404, f"there is no such {what}")


def wrong(parameter: str, reason: str) -> Problem:
    """A 422 that names the invalid parameter."""
    return Problem(422, f"{parameter}: {reason}", errors=[{"name": parameter, "reason": reason}])


def unauthorized(detail: str) -> Problem:
    return Problem(401, detail, _CHALLENGE)


def forbidden(detail: str) -> Problem:
    return Problem(403, detail)


def unavailable(detail: str) -> Problem:
    """A 503: the request is valid and may be retried a little later."""
    return Problem(503, detail, {"Retry-After": str(RETRY_SECONDS)})


def problem_response(problem: Problem) -> Response:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(problem.status) or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        content["errors"] = problem.errors
    return Response(to_json(content), problem.status, problem.headers, MEDIA_TYPE)


def _reason(error: Mapping[str, Any]) -> str:
    """The error's message; patterns are described in words."""
    pattern = error.get("ctx", {}).get("pattern", "")
    return _IN_WORDS.get(pattern, str(error["msg"])[:200])


def add_error_handlers(app: FastAPI) -> None:
    """Renders every error of a route, and every unknown path, as problem details."""

    @app.exception_handler(Problem)
    async def _(_: Request, problem: Problem) -> Response:
        return problem_response(problem)

    @app.exception_handler(Unavailable)
    async def _(_: Request, error: Unavailable) -> Response:
        is_here = isinstance(error, TookTooLong)
        detail = str(error) if is_here else "the database is unavailable at the moment"
        return problem_response(unavailable(detail))

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        detail = "there is nothing at this address" if error.status_code == 404 else error.detail
        return problem_response(Problem(error.status_code, detail, error.headers))

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        errors = [
            {"name": str(item["loc"][-1]), "reason": _reason(item)}
            for item in error.errors()[:_ERRORS_MAX]
        ]
        detail = "; ".join(f"{item['name']}: {item['reason']}" for item in errors)
        return problem_response(Problem(422, detail, errors=errors))
