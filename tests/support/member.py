"""Members as processes of their own, which tests start, stop, freeze and kill.

`python -m tests.support.member GROUP WORLD [--until-caught-up] [--clock=TIME]` runs such a process:
a member of a world's group.
"""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import consumers
from consumers.segment import until as clock_until
from daybook.cli.run import stop_on_signals
from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group
from daybook.engine.member.run import run
from daybook.engine.settings import settings
from daybook.funnels.visitor_event import milliseconds
from tests.support.wait import until

ROOT = Path(__file__).parents[2]


class MemberProcess:
    """A running member; its log is read from its file."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        module: str = "tests.support.member",
    ) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=dict(environment) | {"DAYBOOK_LOG_FORMAT": "json"},
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float) -> int:
        """Waits for its end; returns the exit code, or the negative number of the signal."""
        return self._process.wait(seconds)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        return self._log.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of this event."""
        lines = [json.loads(x) for x in self.output().splitlines() if x.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def wait_for(self, name: str, times: int = 1, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Waits until it has logged the event so many times; returns these lines."""

        def lines() -> list[dict[str, Any]]:
            logged = self.events(name)
            if len(logged) < times and not self.is_alive():
                raise AssertionError(f"it ended before {name}: {self.output()}")
            return logged if len(logged) >= times else []

        return until(lines, f"a member logged {name!r} {times} times", seconds)

    def counted(self, name: str) -> float:
        """One of the totals that it logged when it stopped."""
        (stopped,) = self.events("member stopped")
        return float(stopped.get(name, 0))

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of the response on its own port."""
        (started,) = self.wait_for("member started")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{started['port']}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        _, text = self.get("/metrics")
        lines = [line for line in text.splitlines() if line.split("{")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kills it with SIGKILL, as a power cut would; harmless if it has ended."""
        self._process.kill()
        self._process.wait(10)

    def end(self) -> None:
        """Stops it with SIGTERM, and waits until it has ended."""
        if self.is_alive():
            self.wait_for("member started")
            self.terminate()
        assert self.wait(60) == 0, self.output()


def run_until_stopped(group: Group, world: str, options: Sequence[str]) -> None:
    """Runs a member of the group in a world, and exits as `daybook run` does."""
    # The world starts members, so it imports this module.
    from tests.support.world import renamed

    logs.configure("json")
    for option in options:
        if option.startswith("--clock="):
            group = clock_until(group, milliseconds(option.removeprefix("--clock=")))
    try:
        run(
            renamed(group, world),
            settings(),
            until_caught_up="--until-caught-up" in options,
            started=stop_on_signals,
        )
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    short, name, *options = sys.argv[1:]
    run_until_stopped(consumers.find(short), name, options)
