"""Query services as processes of their own, called over real HTTP."""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from tests.support.collectors import ROOT, Reply
from tests.support.wait import until

API = "/api/v1/analytics"


class QueryProcess:
    """A running query service; `key` is shown with each call unless other headers are given."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        self.key = ""
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.query"],
                cwd=ROOT,
                env=dict(environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.port = until(self._started, "the query service started")

    def report(self, path: str, key: str | None = None, **parameters: object) -> Reply:
        """`first`, `last` are the bounds; other names are as they are."""
        names = {"first": "from", "last": "to"}
        said = urlencode({names.get(name, name): value for name, value in parameters.items()})
        return self.get(f"{API}{path}?{said}" if said else f"{API}{path}", key)

    def get(
        self, path: str, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        shown = self.key if key is None else key
        own = {"Authorization": f"Bearer {shown}"} if shown else {}
        return self.call("GET", path, own | dict(headers or {}))

    def call(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=dict(headers))
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
        finally:
            connection.close()

    def metric(self, name: str, **labels: str) -> float:
        """The sum over those of a metric's samples that have these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [
            line
            for line in self.get("/metrics").body.decode().splitlines()
            if line.split("{")[0].split(" ")[0] == name and all(one in line for one in wanted)
        ]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def said(self) -> str:
        return self._log.read_text()

    def end(self) -> int:
        """Asks it to stop, and waits until it has; its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def _started(self) -> int:
        lines = [json.loads(x) for x in self.said().splitlines() if x.startswith("{")]
        for line in lines:
            if line["event"] == "query started":
                return int(line["port"])
        assert self._process.poll() is None, self.said()
        return 0
