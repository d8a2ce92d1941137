"""Serves a member's /live, /ready and /metrics on a port of its own."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from daybook.engine.errors import WrongSetting

Check = Callable[[], str | None]
"""Returns None if all is well, else a description of the problem."""


class Health:
    """The HTTP server. Live: the poll loop runs. Ready: subscribed, and the servers answer.

    `port` is the port it listens on. Raises WrongSetting if that cannot be opened.
    """

    def __init__(self, host: str, port: int, live: Check, ready: Check) -> None:
        checks = {"/live": live, "/ready": ready}

        class Handler(BaseHTTPRequestHandler):
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
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise WrongSetting(f"DAYBOOK_HEALTH_PORT: {port}: {error.strerror}") from None
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
