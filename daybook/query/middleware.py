"""Around every call: headers that browsers obey, a time limit, and no trace of a failure."""

import asyncio
from contextlib import AsyncExitStack
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daybook.query import metrics
from daybook.query.problem import Problem, problem_response, unavailable

_log = structlog.get_logger()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer, unless its route says something else."""

_STREAM = b"text/event-stream"
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


TURNS = 8
"""Calls that are looked at together. More make the loop so slow to come round that servers seem
away; so the others wait their turn, and not for those that wait for MongoDB."""

TURN = "daybook.turn"
"""In a call's scope: gives its turn back. Once an answer begins it is given back anyway."""


class RequestLimits:
    """`seconds`: an answer that has not begun by then is 503. One that has may take its time."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._turns = asyncio.Semaphore(TURNS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, is_stream = perf_counter(), 0, False

        async def sent(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(list(message.get("headers", ())))
                is_stream = any(value.startswith(_STREAM) for _, value in message["headers"])
            await send(message)

        async def sent_in_time(message: Message) -> None:
            limit.reschedule(None)
            await turn.aclose()
            await sent(message)

        try:
            async with asyncio.timeout(self._seconds) as limit, AsyncExitStack() as turn:
                await turn.enter_async_context(self._turns)
                scope[TURN] = turn.aclose
                await self._app(scope, receive, sent_in_time)
        except TimeoutError:
            if status:
                raise
            await problem_response(unavailable("the time is up"))(scope, receive, sent)
        except Exception as error:
            # Not the message: it may hold what was sent, or what was read.
            _log.error("a call failed", kind=type(error).__name__, exc_info=_where(error))
            if status:
                raise
            await problem_response(Problem(500, "that went wrong, and it is our fault"))(
                scope, receive, sent
            )
        route = getattr(scope.get("route"), "path", "none")
        metrics.REQUESTS.labels(route, str(status)).inc()
        if not is_stream:
            metrics.REQUEST_SECONDS.observe(perf_counter() - began)


def _where(error: Exception) -> tuple[type[Exception], Exception, object]:
    """The places in the code alone."""
    return RuntimeError, RuntimeError(type(error).__name__), error.__traceback__


def _with_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    said = {name.lower() for name, _ in headers}
    return headers + [each for each in _RAW if each[0] not in said]
