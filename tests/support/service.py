"""A service as a separate process, called over HTTP."""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.wait import until

END_SECONDS = 60
"""Longer than the 30 s of grace that a process has by default."""

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ServiceProcess:
    """`python -m MODULE ARGUMENTS`; ready when it has logged the event `started` with its port.

    It runs in `directory`, by the interpreter `python`.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        started: str,
        environment: Mapping[str, str],
        log: Path,
        python: str = sys.executable,
        directory: Path = ROOT,
    ) -> None:
        self._log = log
        self._event = started
        self.key = ""
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [python, "-m", module, *arguments],
                cwd=directory,
                env=dict(environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.port = until(self._started, started)

    def call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
        finally:
            connection.close()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        pairs = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [
            line
            for line in self.call("GET", "/metrics", None, {}).body.decode().splitlines()
            if line.split("{")[0].split(" ")[0] == name and all(pair in line for pair in pairs)
        ]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def output(self) -> str:
        return self._log.read_text()

    @property
    def health_port(self) -> int:
        """The port that answers probes, whatever callers do on the other one."""
        return int(self._started_line()["health"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> int:
        """Sends SIGTERM and waits for the end; returns the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def _started(self) -> int:
        return int(self._started_line().get("port", 0))

    def _started_line(self) -> dict[str, Any]:
        """What it has logged when it started; empty before."""
        lines = [json.loads(x) for x in self.output().splitlines() if x.startswith("{")]
        for line in lines:
            if line["event"] == self._event:
                return dict(line)
        assert self._process.poll() is None, self.output()
        return {}
