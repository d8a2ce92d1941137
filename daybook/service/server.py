"""Runs an HTTP service until it receives SIGTERM or SIGINT."""

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
    """A listening socket; port 0 means any free port. Raises DaybookError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        # The system's message repeats the address in parentheses.
        reason = str(error.strerror).partition(" (")[0]
        raise DaybookError(
            f"cannot listen on {host}, port {port}: {reason}; "
            "choose another address with --host and --port"
        ) from None


def serve_app(
    app: FastAPI, name: str, host: str, port: int, on_stopping: Callable[[], None] | None = None
) -> None:
    """Serves until SIGTERM or SIGINT, then completes the requests in progress.

    The event "<name> started" is logged with the port; port 0 means any free port. `on_stopping`
    is called before the wait for those requests, to end streams that would never end by
    themselves. Raises DaybookError if it cannot listen.

    uvicorn's access log is off, because it would contain client addresses. It ignores forwarded
    headers: the collector applies its own rule to them, and the query module needs none.
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
    listener = listen(host, port)
    _log.info(f"{name} started", host=host, port=listener.getsockname()[1])
    # uvicorn raises the signal again after an orderly stop, which must not look like a failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        _Server(config, on_stopping).run(sockets=[listener])
    finally:
        _log.info("stopped")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stopping: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_stopping = on_stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_stopping is not None:
            self._on_stopping()
        await super().shutdown(sockets)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(0)
