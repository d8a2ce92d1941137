"""The responses of the collector, and the exceptions that refuse a call."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

RETRY_SECONDS = 2
_DRAIN_BYTES_MAX = 8 * 2**20


class Refusal(Exception):
    """Ends a call with this status. `reason` is for people, and contains nothing that was sent."""

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = dict(headers or {})
        self.content = {"status": "refused", "reason": reason, **(more or {})}


class TooLarge(Refusal):
    """The body exceeds its limit; most of it may not have arrived yet."""

    def __init__(self, reason: str) -> None:
        super().__init__(413, reason, {"Connection": "close"})


class Disconnected(Refusal):
    """The caller has gone before the end of the body, and reads no answer."""

    def __init__(self) -> None:
        super().__init__(400, "the body is incomplete")


def unavailable(
    reason: str, more: Mapping[str, Any] | None = None, *, ends_connection: bool = False
) -> Refusal:
    """A 503 for a valid call, which the client may repeat a little later."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Refusal(
        503, reason, headers | ({"Connection": "close"} if ends_connection else {}), more
    )


def json_response(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, "application/json")


def refusal_response(refusal: Refusal) -> Response:
    kind = _DrainingResponse if isinstance(refusal, TooLarge) else Response
    body = to_json(refusal.content)
    return kind(body, refusal.status, refusal.headers, "application/json")


def add_error_handlers(app: FastAPI) -> None:
    """Unknown paths and methods are refused with the same body as other calls."""

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        reason = "no such path" if error.status_code == 404 else error.detail
        return refusal_response(Refusal(error.status_code, reason, error.headers))


class _DrainingResponse(Response):
    """Responds at once, then reads and discards a limited rest of the body before it ends.

    If the connection were closed while the client still sends, the client would lose the response.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send(start | {"headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        left = _DRAIN_BYTES_MAX
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        await send({"type": "http.response.body", "body": b""})
