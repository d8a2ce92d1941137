"""The demo stops what it started, and tells what failed with the words of who failed."""

import signal
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.demo_groups import StepFailed, check, members_of, worst

WAITS = [sys.executable, "-c", "import signal; signal.pause()"]
FAILS = [sys.executable, "-c", "import sys; sys.exit('the [database] is away')"]


def files(directory: Path) -> dict[str, Path]:
    return {name: directory / f"{name}.log" for name in ("one", "two")}


def test_members_that_still_run_are_stopped(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        members_of({"one": WAITS, "two": WAITS}, files(tmp_path)) as members,
    ):
        assert [member.poll() for member in members.values()] == [None, None]
        raise KeyboardInterrupt
    assert [member.returncode for member in members.values()] == [-signal.SIGTERM] * 2


def test_a_member_that_failed_is_named_with_what_it_said(tmp_path: Path) -> None:
    said = StringIO()
    with members_of({"one": WAITS, "two": FAILS}, files(tmp_path)) as members:
        members["two"].wait()
        with pytest.raises(StepFailed, match=r"daybook run two .* ended with 1") as failure:
            check(members, files(tmp_path), Console(file=said))
    assert failure.value.exit_code == 1
    assert said.getvalue() == "the [database] is away\n"


def test_a_difference_wins_over_what_could_not_be_recounted() -> None:
    assert worst([3, 1, 4]) == 1
    assert worst([4, 3]) == 4
