"""What a tracking call is answered, and the failures that end one."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

RETRY_SECONDS = 2
_LINGER_BYTES_MAX = 8 * 2**20


class Refusal(Exception):
    """Ends a call with this status. `reason` is for people and holds nothing that was sent."""

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
    """The body is over its bound; most of it may still be on its way."""

    def __init__(self, reason: str) -> None:
        super().__init__(413, reason, {"Connection": "close"})


def unavailable(reason: str, more: Mapping[str, Any] | None = None) -> Refusal:
    """Nothing is wrong with the call; it may come again a little later."""
    return Refusal(503, reason, {"Retry-After": str(RETRY_SECONDS)}, more)


def answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, "application/json")


def refused(refusal: Refusal) -> Response:
    kind = _Lingering if isinstance(refusal, TooLarge) else Response
    body = to_json(refusal.content)
    return kind(body, refusal.status, refusal.headers, "application/json")


def add_error_handlers(app: FastAPI) -> None:
    """What is no route, or no method of one, is refused in the same form as everything else."""

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        reason = "there is nothing at this address" if error.status_code == 404 else error.detail
        return refused(Refusal(error.status_code, reason, error.headers))


class _Lingering(Response):
    """Answers at once, then lets the client send on for a bounded while before the end.

    A connection that is cut while a client still sends loses it the answer.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send(start | {"headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        left = _LINGER_BYTES_MAX
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        await send({"type": "http.response.body", "body": b""})
