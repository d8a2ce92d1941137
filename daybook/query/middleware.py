"""Middleware for every request: security headers, a time limit, and errors without details."""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daybook.query import metrics
from daybook.query.access.authenticate import KEY_HEADER
from daybook.query.problem import Problem, problem_response, unavailable
from daybook.service.turns import Turns

_log = structlog.get_logger()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Added to every response, unless its route sets another value."""

_STREAM = b"text/event-stream"
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


TURNS = 8
"""How many requests are processed at the same time, apart from those that wait for MongoDB.

With more, the event loop becomes so slow that other servers appear to time out."""

TURN = "daybook.turn"
"""The ASGI scope's key of a function that ends the request's turn, as the response's start does.
A route calls it before it waits for anything but MongoDB."""

BODY_BYTES_MAX = 16_384
BODY_SECONDS = 10.0
_CREDENTIALS = (b"authorization", KEY_HEADER.encode())
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class RequestLimits:
    """After `seconds` without the start of a response, a request gets 503.

    Its turn begins when its body is there, for which it has `body_seconds`; otherwise it gets 408.
    Keys and tokens have their turns in rotation, so that one with many requests delays the others
    by one of them. Of a body larger than BODY_BYTES_MAX, the rest is left for the route, which
    refuses it.
    """

    def __init__(self, app: ASGIApp, seconds: float, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._seconds = seconds
        self._body_seconds = body_seconds
        self._turns = Turns(TURNS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, is_stream = perf_counter(), 0, False

        async def send_counted(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_security_headers(list(message.get("headers", ())))
                is_stream = any(value.startswith(_STREAM) for _, value in message["headers"])
            await send(message)

        async def send_unlimited(message: Message) -> None:
            limit.reschedule(None)
            await turn.aclose()
            await send_counted(message)

        if scope.get("method") in _METHODS_WITH_BODY:
            try:
                async with asyncio.timeout(self._body_seconds):
                    receive = await _with_body(receive)
            except TimeoutError:
                too_slow = Problem(408, "the body did not arrive in time", {"Connection": "close"})
                await problem_response(too_slow)(scope, receive, send_counted)
                metrics.REQUESTS.labels("none", str(status)).inc()
                return
        try:
            async with asyncio.timeout(self._seconds) as limit, AsyncExitStack() as turn:
                await turn.enter_async_context(self._turns.turn(_credential(scope)))
                scope[TURN] = turn.aclose
                await self._app(scope, receive, send_unlimited)
        except TimeoutError:
            if status:
                raise
            await problem_response(unavailable("request timed out"))(scope, receive, send_counted)
        except Exception as error:
            # Not the message, because it may contain the input or data that was read.
            _log.error("request failed", kind=type(error).__name__, exc_info=_traceback_only(error))
            if status:
                raise
            await problem_response(Problem(500, "internal server error"))(
                scope, receive, send_counted
            )
        route = getattr(scope.get("route"), "path", "none")
        metrics.REQUESTS.labels(route, str(status)).inc()
        if not is_stream:
            metrics.REQUEST_SECONDS.observe(perf_counter() - began)


def _credential(scope: Scope) -> str:
    """What the request says about who makes it; empty if it says nothing. It is not checked yet,
    but what is wrong is refused soon."""
    for name, value in scope.get("headers", ()):
        if name in _CREDENTIALS:
            return str(hash(value))
    return ""


async def _with_body(receive: Receive) -> Receive:
    """A `receive` that begins with the body, or with its first BODY_BYTES_MAX bytes at least."""
    messages: deque[Message] = deque()
    size, is_complete = 0, False
    while not is_complete and size <= BODY_BYTES_MAX:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        is_complete = message["type"] != "http.request" or not message.get("more_body", False)

    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay


def _traceback_only(error: Exception) -> tuple[type[Exception], Exception, object]:
    """The traceback without the message."""
    return RuntimeError, RuntimeError(type(error).__name__), error.__traceback__


def _with_security_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    return headers + [header for header in _RAW if header[0] not in present]
