"""The commands that the demo runs beside itself, and stops."""

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
"""By what they are called."""


class StepFailed(DaybookError):
    """A command that the demo gave has failed; `exit_code` is the command's."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def command(*arguments: str) -> list[str]:
    """`daybook` with these arguments."""
    # -P: a package named cli in the directory we stand in is not ours.
    return [sys.executable, "-P", "-m", "daybook", *arguments]


@contextmanager
def processes(commands: dict[str, list[str]], files: dict[str, Path]) -> Iterator[Processes]:
    """What runs; what still does at the end is told to stop, and waited for.

    `files` get what each says.
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
                    # Several members cannot share one health port.
                    env=os.environ | {"DAYBOOK_HEALTH_PORT": "0"},
                    # Ctrl-C is for the demo alone, which then stops each of them once.
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
    """Raises StepFailed for what has failed, after the end of what it said."""
    for name, process in running.items():
        if process.poll():
            lines = files[name].read_text(errors="replace").splitlines()
            tail = "\n".join(lines[-_LINES_SHOWN:])
            console.print(tail, markup=False, highlight=False, soft_wrap=True)
            raise StepFailed(
                f"{name} ended with {process.returncode}; all it said is in {files[name]}",
                max(1, process.returncode),
            )
