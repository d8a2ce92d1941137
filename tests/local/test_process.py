"""A process is identified by pid and start time: a later process with its pid gets no signal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daybook.local.process import Process, birth_of, recall, remember, spawn
from tests.support.wait import until

WAIT = [sys.executable, "-c", "import signal; signal.pause()"]
IGNORE_SIGTERM = [
    sys.executable,
    "-uc",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); signal.pause()",
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Process]:
    process = spawn(WAIT, tmp_path / "log")
    yield process
    process.kill()


def test_a_pid_file_names_the_process(running: Process, tmp_path: Path) -> None:
    remember(running, tmp_path / "pid")
    assert recall(tmp_path / "pid") == running


def test_another_process_with_a_recycled_pid_gets_no_signal(
    running: Process, tmp_path: Path
) -> None:
    earlier = replace(running, birth="an earlier process with this pid")
    remember(earlier, tmp_path / "pid")
    assert recall(tmp_path / "pid") is None
    earlier.end(1)
    earlier.kill()
    assert running.is_alive()


@pytest.mark.parametrize("content", ["", "17", "{}", '{"pid": "x", "birth": "y"}', '["a"]'])
def test_a_damaged_pid_file_names_no_process(content: str, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(content)
    assert recall(tmp_path / "pid") is None


def test_a_child_that_has_ended_is_not_alive(running: Process) -> None:
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait(10)


def test_a_zombie_that_was_not_spawned_here_is_not_alive() -> None:
    with subprocess.Popen(WAIT) as child:
        process = Process(child.pid, birth_of(child.pid) or "")
        assert process.is_alive()
        child.kill()
        assert process.wait(10)


def test_a_stopped_process_ends_on_sigterm(running: Process) -> None:
    os.kill(running.pid, signal.SIGSTOP)
    began = time.monotonic()
    running.end(60)
    assert not running.is_alive()
    assert time.monotonic() - began < 30


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = spawn(IGNORE_SIGTERM, log)
    try:
        until(lambda: log.read_text() == "ready\n", "the process ignores SIGTERM")
        process.end(0.2)
        assert not process.is_alive()
    finally:
        process.kill()


def test_a_spawned_process_leads_a_new_session(running: Process) -> None:
    assert os.getsid(running.pid) == running.pid
