"""Runs `daybook` commands as child processes of the demo, and stops them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from daybook.engine.errors import DaybookError

_GRACE_SECONDS = 40
_LINES_SHOWN = 15

Processes = dict[str, subprocess.Popen[bytes]]
"""Processes by name."""


class StepFailed(DaybookError):
    """A command of the demo failed; `exit_code` is the command's."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def command(*arguments: str) -> list[str]:
    """The command line of `daybook` with these arguments."""
    # -P: a package named daybook in the working directory must not shadow the installed one.
    return [sys.executable, "-P", "-m", "daybook", *arguments]


@contextmanager
def processes(commands: dict[str, list[str]], files: dict[str, Path]) -> Iterator[Processes]:
    """Starts the commands of `files`, each with its output in its file.

    At the end, stops those that still run and waits for them.
    """
    running: Processes = {}
    try:
        for name, path in files.items():
            with path.open("wb") as log:
                running[name] = subprocess.Popen(
                    commands[name],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Several processes cannot share one health port.
                    env=os.environ | {"DAYBOOK_HEALTH_PORT": "0"},
                    # Ctrl-C must reach only the demo, which then stops each process once.
                    start_new_session=True,
                )
        yield running
    finally:
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        for process in running.values():
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def check(running: Processes, files: dict[str, Path], console: Console) -> None:
    """Raises StepFailed if a process has failed, after printing the end of its output."""
    for name, process in running.items():
        if process.poll():
            lines = files[name].read_text(errors="replace").splitlines()
            tail = "\n".join(lines[-_LINES_SHOWN:])
            console.print(tail, markup=False, highlight=False, soft_wrap=True)
            raise StepFailed(
                f"{name} exited with {process.returncode}; its log is {files[name]}",
                max(1, process.returncode),
            )
