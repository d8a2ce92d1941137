"""The dashboard in a real browser: in a frame that a page of the test drives and observes.

The service forbids frames, so a proxy between them takes that one word out of its policy. It also
puts a script before the page's own, which remembers what went wrong; the rest is passed through.
"""

import http.client
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.support.browser import Browser
from tests.support.website import Handler, Website

_HERE = Path(__file__).parent
_NO_FRAMES = "frame-ancestors 'none'; "
_OWN = {"/watch.js": "desk_watch.js", "/drive.js": "desk_drive.js"}
_HOP = {"connection", "transfer-encoding", "content-length", "x-frame-options", "date"}


class Answer(NamedTuple):
    """What the proxy says itself instead of passing a call on."""

    status: int
    body: Any
    headers: dict[str, str] = {}


class Desk:
    """`answers` by the end of a path; `asked` are the paths that the page called.

    `width` is that of the page, in pixels. A page calls the functions of `calls` by their paths.
    `resumed` are the ids of events with which streams were asked for.
    """

    def __init__(self, port: int, directory: Path) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.width = 1_100
        self.calls: dict[str, Callable[[], object]] = {"/cut": self._cut}
        self.resumed: list[str | None] = []
        self.streams: list[http.client.HTTPConnection] = []
        self._pages: dict[str, str] = {}
        self._site = Website(_handler(self, port))
        self.origin = self._site.origin
        self._browser = Browser(directory)

    def play(self, does: str, key: str = "", /, **choice: str) -> Any:
        """What the script `does` returns, run beside the page once its reports are read.

        Nothing may be in the console, and no other origin asked.
        """
        told = {"key": key, "width": self.width, "choice": choice}
        at = f"/drive/{len(self._pages)}"
        self._pages[at] = (
            f"<!doctype html><meta charset=utf-8><body><script src=/drive.js></script>"
            f"<script>drive({json.dumps(told)}, async (page, window) => {{ {does} }})</script>"
        )
        found = self._browser.visit(self.origin + at, 60)
        assert found.get("failed") is None, found
        assert not found["errors"], found["errors"]
        assert found["origins"] == [self.origin]
        return found["value"]

    def page(self, path: str) -> str | None:
        """A page of the test's own, or one of its scripts."""
        own = _OWN.get(path)
        return (_HERE / own).read_text() if own else self._pages.get(path)

    def answer(self, path: str) -> Answer | None:
        bare = path.partition("?")[0]
        return next((said for end, said in self.answers.items() if bare.endswith(end)), None)

    def _cut(self) -> None:
        """Ends every stream that is open, as a proxy that restarts would."""
        while self.streams:
            if (sock := self.streams.pop().sock) is not None:
                sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._site.__enter__()
        self._browser.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.__exit__()
        self._site.__exit__()


def _handler(desk: Desk, port: int) -> type[Handler]:
    class Proxy(Handler):
        def do_GET(self) -> None:
            own = desk.page(self.path)
            if own is not None:
                kind = "text/javascript" if self.path.endswith(".js") else "text/html"
                self.say(200, own.encode(), {"Content-Type": kind})
                return
            if call := desk.calls.get(self.path):
                self.say(200, json.dumps(call()).encode(), {"Content-Type": "application/json"})
                return
            desk.asked.append(self.path)
            said = desk.answer(self.path)
            if said is not None:
                headers = {"Content-Type": "application/json"} | said.headers
                self.say(said.status, json.dumps(said.body).encode(), headers)
                return
            self._pass()

        def _pass(self) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", self.path, headers=dict(self.headers.items()))
            reply = connection.getresponse()
            if reply.headers.get_content_type() == "text/event-stream":
                self._relay(connection, reply)
                return
            body = reply.read().replace(b"<head>", b"<head><script src=/watch.js></script>")
            headers = {n: v for n, v in reply.getheaders() if n.lower() not in _HOP}
            for name, value in headers.items():
                headers[name] = value.replace(_NO_FRAMES, "")
            connection.close()
            self.say(reply.status, body, headers)

        def _relay(
            self, connection: http.client.HTTPConnection, reply: http.client.HTTPResponse
        ) -> None:
            """Passes on what comes as it comes, until somebody ends it."""
            desk.streams.append(connection)
            desk.resumed.append(self.headers["Last-Event-ID"])
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", reply.headers["Content-Type"])
            self.end_headers()
            try:
                while line := reply.readline():
                    self.wfile.write(line)
            except (ConnectionError, http.client.HTTPException):
                """The page listens no more, or the stream is cut."""
            connection.close()

    return Proxy
