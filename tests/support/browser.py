"""A real headless Chromium, out of kaleido's wheel, which brings every library it needs.

Its executable opens a page of its own and calls a function there. Ours asks a server beside the
test which address to open, opens it in a frame, and answers with what the page in it posts. So a
test serves a page that does and observes things, and reads the outcome.
"""

import json
import os
import platform
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from deploy.local.wheel import is_linux_x86_64

WHY_NOT = f"no Chromium comes for {platform.system()} on {platform.machine()}"
_LOOP = """
window.kaleido_scopes = { plotly: async ({ server }) => {
  for (;;) {
    const url = await (await fetch(server)).text();
    const frame = document.createElement("iframe");
    const posted = new Promise(resolve => addEventListener("message", resolve, { once: true }));
    frame.src = url;
    document.body.append(frame);
    const { data } = await posted;
    frame.remove();
    await fetch(server, { method: "POST", body: JSON.stringify(data ?? null) });
  }
} };
"""


def is_available() -> bool:
    return is_linux_x86_64() and find_spec("kaleido") is not None


class Browser:
    """One browser, with storage of its own that ends with it."""

    def __init__(self, directory: Path) -> None:
        (directory / "js").mkdir(parents=True)
        (directory / "js/kaleido_scopes.js").write_text(_LOOP)
        self._asked: Queue[str] = Queue()
        self._posted: Queue[Any] = Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._asked, self._posted))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._said = directory / "browser.log"
        self._process = _start(directory, self._said)

    def visit(self, url: str, seconds: float = 30.0) -> Any:
        """What the page at `url` posts to the window around it. Fails when it posts nothing."""
        self._asked.put(url)
        try:
            return self._posted.get(timeout=seconds)
        except Empty:
            raise AssertionError(f"{url} posted nothing: {self._said.read_text()}") from None

    def __enter__(self) -> Self:
        self._thread.start()
        server = f"http://127.0.0.1:{self._server.server_address[1]}"
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"server": server, "format": "json"}) + "\n")
        self._process.stdin.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        self._process.kill()
        self._process.wait(10)
        self._process.stdin.close()
        self._asked.put("")  # the last asker has gone; its thread need not wait
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _start(directory: Path, said: Path) -> "subprocess.Popen[str]":
    spec = find_spec("kaleido")
    assert spec and spec.origin, WHY_NOT
    home = Path(spec.origin).parent / "executable"
    with said.open("wb") as out:
        return subprocess.Popen(
            [
                str(home / "bin/kaleido"),
                "plotly",
                "--plotlyjs=data:text/javascript,0",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-breakpad",
                "--disable-dev-shm-usage",
            ],
            cwd=directory,
            env=os.environ
            | {
                "LD_LIBRARY_PATH": str(home / "lib"),
                "FONTCONFIG_PATH": str(home / "etc/fonts"),
                "XDG_DATA_HOME": str(home / "xdg"),
                "TMPDIR": str(directory),
            },
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _handler(asked: "Queue[str]", posted: "Queue[Any]") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(asked.get().encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"")
            posted.put(json.loads(body))

        def _answer(self, body: bytes) -> None:
            try:
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                """The browser has ended."""

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    return Handler
