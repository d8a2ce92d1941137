"""Runs a service over HTTP until it is told to stop."""

import signal
import socket
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from daybook.engine.errors import DaybookError

STOP_SECONDS = 15
CALLS_MAX = 2_000
_log = structlog.get_logger()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises DaybookError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        # Behind what went wrong the address is told a second time.
        why = str(error.strerror).partition(" (")[0]
        raise DaybookError(
            f"cannot listen on {host}, port {port}: {why}; --host and --port say where else"
        ) from None


def serve_app(
    app: FastAPI,
    own: socket.socket,
    started: Callable[[int], None],
    stopping: Callable[[], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; calls on their way are answered first.

    `stopping` is called before those are waited for: it ends answers that would never end.

    uvicorn logs no calls (they would name addresses) and believes no forwarded header: the
    collector judges those by its own rule, and the query module needs none.
    """
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        limit_concurrency=CALLS_MAX,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    started(own.getsockname()[1])
    # uvicorn gives itself the signal again once it has stopped in order: that is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        _Server(config, stopping).run(sockets=[own])
    finally:
        _log.info("stopped")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stopping is not None:
            self._stopping()
        await super().shutdown(sockets)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(0)
