"""Serves /live, /ready and /metrics of a member or service on a port of its own."""

import socket
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from daybook.engine.errors import WrongSetting

CONNECTIONS_MAX = 32
"""Each has a thread. A probe needs one for milliseconds; who keeps one open makes way for it."""

IDLE_SECONDS = 10.0

Check = Callable[[], str | None]
"""Returns None if all is well, else a description of the problem."""


class _Server(ThreadingHTTPServer):
    """Closes the connection that has been open for the longest, rather than to have too many."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._open: dict[socket.socket, None] = {}
        self._lock = Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open[request] = None
            oldest = next(iter(self._open)) if len(self._open) > CONNECTIONS_MAX else None
            if oldest:
                self._open.pop(oldest)
        if oldest:
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs nothing: the caller has gone, or was too slow."""


class Health:
    """The HTTP server. Live: the loop runs. Ready: the servers answer.

    `port` is the port it listens on. Raises WrongSetting if that cannot be opened.
    """

    def __init__(self, host: str, port: int, live: Check, ready: Check) -> None:
        checks = {"/live": live, "/ready": ready}

        class Handler(BaseHTTPRequestHandler):
            timeout = IDLE_SECONDS

            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
                elif check := checks.get(self.path):
                    problem = check()
                    self._answer(503 if problem else 200, (problem or "ok").encode() + b"\n")
                else:
                    self._answer(404, b"/live, /ready or /metrics\n")

            def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Logs nothing: a request is not a change of state."""

        try:
            self._server = _Server((host, port), Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "not an address of this machine"
            raise WrongSetting(f"DAYBOOK_HEALTH_HOST, DAYBOOK_HEALTH_PORT: {reason}") from None
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
