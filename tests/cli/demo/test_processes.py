"""The demo stops what it started, and tells what failed with the words of who failed."""

import signal
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from daybook.cli.demo.processes import StepFailed, check, processes

WAITS = [sys.executable, "-c", "import signal; signal.pause()"]
FAILS = [sys.executable, "-c", "import sys; sys.exit('the [database] is away')"]


def files(directory: Path) -> dict[str, Path]:
    return {name: directory / f"{name}.log" for name in ("one", "two")}


def test_what_still_runs_is_stopped(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        processes({"one": WAITS, "two": WAITS}, files(tmp_path)) as running,
    ):
        assert [process.poll() for process in running.values()] == [None, None]
        raise KeyboardInterrupt
    assert [process.returncode for process in running.values()] == [-signal.SIGTERM] * 2


def test_what_failed_is_named_with_what_it_said(tmp_path: Path) -> None:
    said = StringIO()
    with processes({"one": WAITS, "two": FAILS}, files(tmp_path)) as running:
        running["two"].wait()
        with pytest.raises(StepFailed, match=r"two ended with 1") as failure:
            check(running, files(tmp_path), Console(file=said))
    assert failure.value.exit_code == 1
    assert said.getvalue() == "the [database] is away\n"
