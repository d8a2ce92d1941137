"""Runs an HTTP service until it receives SIGTERM or SIGINT."""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from functools import partial
from types import FrameType
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from daybook.engine.errors import DaybookError
from daybook.engine.member.health import Health
from daybook.engine.settings import Settings
from daybook.service.connection import Connection, Connections, Limits

STOP_SECONDS = 15
_CHECK_SECONDS = 10.0
_FILES_WANTED = 4_096
_FILES_RESERVED = 256
"""Of the files that the process may open, those for everything but its callers' connections."""

_log = structlog.get_logger()

Problem = Callable[[], Awaitable[str | None]]
"""Says what keeps a service from being ready; None if nothing does."""


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
    app: FastAPI,
    settings: Settings,
    name: str,
    host: str,
    port: int,
    on_stopping: Callable[[], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, then completes the requests in progress.

    The event "<name> started" is logged with the port; port 0 means any free port. `health` is the
    port of DAYBOOK_HEALTH_PORT, where probes are answered whatever callers do on the other one;
    it is ready when `app.state.problem`, a `Problem`, finds none. `on_stopping` is called before
    the wait for requests in progress, to end streams that would never end by themselves. Raises
    DaybookError if it cannot listen.

    uvicorn's access log is off, because it would contain client addresses, and so are its warnings
    of invalid requests. It ignores forwarded headers: services apply their own rule to them.
    """
    limits = Limits(
        settings.connections_per_address, settings.trusted_proxies, total_max=_connections_max()
    )
    # Its class of protocols may be anything that makes one.
    protocol: Any = partial(Connection, Connections(limits))
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = _Server(config, getattr(app.state, "problem", _no_problem), on_stopping)
    listener = listen(host, port)
    health = Health(settings.health_host, settings.health_port, server.live, server.ready)
    _log.info(f"{name} started", host=host, port=listener.getsockname()[1], health=health.port)
    # uvicorn raises the signal again after an orderly stop, which must not look like a failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        server.run(sockets=[listener])
    finally:
        health.close()
        _log.info("stopped")


def _connections_max() -> int:
    """As many as `Limits` has by default, or as the process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES_WANTED:
        soft = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wanted = Limits(1).total_max
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _FILES_RESERVED))


async def _no_problem() -> str | None:
    return None


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, problem: Problem, on_stopping: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._problem = problem
        self._on_stopping = on_stopping
        self._loop: asyncio.AbstractEventLoop | None = None

    def live(self) -> str | None:
        """Whether the event loop runs. Called by other threads, as is `ready`."""
        return None if self._loop is None else self._ask(_no_problem)

    def ready(self) -> str | None:
        return "starting" if self._loop is None else self._ask(self._problem)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_stopping is not None:
            self._on_stopping()
        await super().shutdown(sockets)

    def _ask(self, question: Problem) -> str | None:
        assert self._loop is not None
        asking = _ask(question)
        try:
            future = asyncio.run_coroutine_threadsafe(asking, self._loop)
            return future.result(_CHECK_SECONDS)
        except (RuntimeError, TimeoutError, CancelledError):
            asking.close()
            return "the event loop does not answer"


async def _ask(question: Problem) -> str | None:
    return await question()


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(0)
