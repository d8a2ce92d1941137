"""A `daybook` command as a process of the fleet under attack."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from attack.priority import lower_own
from daybook.engine.errors import DaybookError

_ROOT = Path(__file__).parents[1]
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_MIB = 2**20
_LINE_CHARS_MAX = 200
_NICE = {"member": 15, "exports": 15}
"""By kind: in a fleet of many machines, members and workers take no processor time from services,
which are judged by their latencies."""


class NotStarted(DaybookError):
    """A process of the fleet did not start; the message has the end of its output."""


def daybook(
    arguments: Sequence[str], variables: Mapping[str, str], seconds: float
) -> "subprocess.CompletedProcess[str]":
    """Runs `daybook ARGUMENTS` to its end. Its exit code is 124 if it takes longer than that."""
    try:
        return subprocess.run(
            [sys.executable, "-m", "daybook", *arguments],
            cwd=_ROOT,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(error.cmd, 124, "", f"not done after {seconds:.0f} s")


class DaybookProcess:
    """`python -m daybook ARGUMENTS`, whose log line `event` says that it has started.

    `kind` is member, collector, query or exports.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        arguments: Sequence[str],
        event: str,
        variables: Mapping[str, str],
        directory: Path,
    ) -> None:
        self.name = name
        self.kind = kind
        self.port = 0
        self._event = event
        self._log = directory / f"{name}.log"
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daybook", *arguments],
                cwd=_ROOT,
                env=_environment(variables),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                # Ctrl-C must reach only the attack, which then stops each process.
                start_new_session=True,
                preexec_fn=partial(lower_own, _NICE.get(kind, 0)),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_started(self) -> None:
        """Waits for its log line, and takes its port from it. Raises NotStarted."""
        deadline = time.monotonic() + _START_SECONDS
        while not (lines := self._lines(self._event)):
            if not self.is_alive() or time.monotonic() > deadline:
                raise NotStarted(f"{self.name} did not start: {self.last_line()}")
            time.sleep(0.1)
        self.port = int(lines[0]["port"])

    def rss_mib(self) -> float:
        """Its resident memory; 0 once it has ended."""
        try:
            return float(psutil.Process(self.pid).memory_info().rss) / _MIB
        except psutil.Error:
            return 0.0

    def end_reason(self) -> str | None:
        """Why it has ended, None while it runs."""
        if self.is_alive():
            return None
        return f"{self.name} ended with {self._process.returncode}: {self.last_line()}"

    def logged(self, text: str) -> int:
        """How many lines of its log contain the text."""
        with self._log.open("rb") as lines:
            return sum(text.encode() in line for line in lines)

    def last_line(self) -> str:
        lines = [x.strip() for x in self._log.read_text(errors="replace").splitlines() if x.strip()]
        return lines[-1][:_LINE_CHARS_MAX] if lines else "(no output)"

    def stop(self) -> None:
        if self.is_alive():
            self._process.terminate()

    def wait(self) -> None:
        """Waits for its end after `stop`; kills it if that takes too long."""
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lines(self, event: str) -> list[dict[str, Any]]:
        logged = self._log.read_text(errors="replace").splitlines()
        lines = [json.loads(line) for line in logged if line.startswith("{") and line[-1] == "}"]
        return [line for line in lines if line.get("event") == event]


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    others = {n: v for n, v in os.environ.items() if not n.startswith("DAYBOOK_")}
    return others | dict(variables) | {"DAYBOOK_LOG_FORMAT": "json", "COLUMNS": "200"}
