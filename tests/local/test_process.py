"""A process is known by pid and birth: whoever got its number later is never signalled."""

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

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
DEAF = [
    sys.executable,
    "-uc",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); "
    "time.sleep(300)",
]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = spawn(SLEEP, tmp_path / "log")
    yield process
    process.kill()


def test_pid_file_finds_the_process_again(sleeper: Process, tmp_path: Path) -> None:
    remember(sleeper, tmp_path / "pid")
    assert recall(tmp_path / "pid") == sleeper


def test_recycled_pid_is_not_ours_and_survives(sleeper: Process, tmp_path: Path) -> None:
    stranger = replace(sleeper, birth="some earlier process of this number")
    remember(stranger, tmp_path / "pid")
    assert recall(tmp_path / "pid") is None
    stranger.end(1)
    stranger.kill()
    assert sleeper.is_alive()


@pytest.mark.parametrize("content", ["", "17", "{}", '{"pid": "x", "birth": "y"}', '["a"]'])
def test_damaged_pid_file_is_no_process(content: str, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(content)
    assert recall(tmp_path / "pid") is None


def test_child_that_ended_is_not_taken_for_alive(sleeper: Process) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    assert sleeper.wait(10)


def test_zombie_of_somebody_else_is_not_alive() -> None:
    with subprocess.Popen(SLEEP) as child:
        process = Process(child.pid, birth_of(child.pid) or "")
        assert process.is_alive()
        child.kill()
        assert process.wait(10)


def test_frozen_process_is_ended(sleeper: Process) -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    began = time.monotonic()
    sleeper.end(60)
    assert not sleeper.is_alive()
    assert time.monotonic() - began < 30


def test_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = spawn(DEAF, log)
    try:
        while not log.read_text() and process.is_alive():
            process.wait(0.05)
        process.end(0.2)
        assert not process.is_alive()
    finally:
        process.kill()


def test_spawned_process_leads_a_session_of_its_own(sleeper: Process) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid
