"""A real headless Chromium, out of kaleido's wheel, which brings every library it needs.

Its executable opens a page of its own and calls a function there. Ours asks a server beside the
test which address to open, opens it in a frame, and answers with what the page in it posts. So a
test serves a page that does and observes things, and reads the outcome.
"""

import json
import os
import platform
import subprocess
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

from daybook.local.wheel import is_linux_x86_64
from tests.support.website import Handler, Website

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
        self._site = Website(_handler(self._asked, self._posted))
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
        self._site.__enter__()
        assert self._process.stdin
        self._process.stdin.write(
            json.dumps({"server": self._site.origin, "format": "json"}) + "\n"
        )
        self._process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.kill()
        self._process.wait(10)
        self._process.stdin.close()
        self._asked.put("")  # the last asker has gone; its thread need not wait
        self._site.__exit__()


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


def _handler(asked: "Queue[str]", posted: "Queue[Any]") -> type[Handler]:
    anybody = {"Access-Control-Allow-Origin": "*"}

    class Asker(Handler):
        def do_GET(self) -> None:
            self.say(200, asked.get().encode(), anybody)

        def do_POST(self) -> None:
            told = json.loads(self.heard())
            self.say(200, b"", anybody)
            posted.put(told)

    return Asker
