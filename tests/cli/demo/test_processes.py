"""The demo stops the processes that it started, and prints the output of one that failed."""

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


def test_processes_that_still_run_are_stopped(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        processes({"one": WAITS, "two": WAITS}, files(tmp_path)) as running,
    ):
        assert [process.poll() for process in running.values()] == [None, None]
        raise KeyboardInterrupt
    assert [process.returncode for process in running.values()] == [-signal.SIGTERM] * 2


def test_a_failed_process_is_named_and_its_output_printed(tmp_path: Path) -> None:
    printed = StringIO()
    with processes({"one": WAITS, "two": FAILS}, files(tmp_path)) as running:
        running["two"].wait()
        with pytest.raises(StepFailed, match=r"two exited with 1") as failure:
            check(running, files(tmp_path), Console(file=printed))
    assert failure.value.exit_code == 1
    assert printed.getvalue() == "the [database] is away\n"
