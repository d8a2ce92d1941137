"""Counts and verifies the three groups, each as the commands that a person would give."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from rich.console import Console

from cli.demo_console import bars
from consumers import FLEET, PREFIX
from engine.caught_up import CaughtUp, log_ends
from engine.checkpoints import Checkpoints
from engine.errors import DaybookError
from engine.group import Group
from engine.kafka import admin
from engine.mongo import database
from engine.settings import Settings

_SECONDS_BETWEEN_LOOKS = 0.2
_GRACE_SECONDS = 40
_LINES_SHOWN = 15

Members = dict[str, subprocess.Popen[bytes]]
"""The processes, by what they are called."""


class StepFailed(DaybookError):
    """A command that the demo gave has failed; `exit_code` is the command's."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def short(group: Group) -> str:
    return group.name.removeprefix(PREFIX)


def count_all(settings: Settings, console: Console, logs: Path) -> None:
    """Runs a member of each group, side by side, until all of them have caught up.

    `logs` is the directory that gets what each member says. Raises DaybookError.
    """
    documents, client = database(settings), admin(settings)
    counts = {
        short(group): CaughtUp(
            Checkpoints(group.name, documents), log_ends(client, list(group.topics))
        )
        for group in FLEET
    }
    totals = {name: count.total for name, count in counts.items()}
    commands = {name: _command("run", name, "--until-caught-up") for name in counts}
    files = {name: logs / f"{name}.log" for name in counts}
    with bars(console, totals) as advance, members_of(commands, files) as members:
        while running := [name for name, member in members.items() if member.poll() is None]:
            check(members, files, console)
            for name in running:
                advance(name, counts[name].done())
            sleep(_SECONDS_BETWEEN_LOOKS)
        check(members, files, console)
        for name, count in counts.items():
            done = count.done()
            advance(name, done)
            if done < count.total:
                raise StepFailed(
                    f"{name} was told to stop after {done:,} of {count.total:,} messages. "
                    "`daybook demo` goes on from there",
                    1,
                )


def verify_all(console: Console) -> None:
    """Recounts every document of every group from the log. Raises StepFailed for a difference."""
    names = [short(group) for group in FLEET]
    failed: dict[str, int] = {}
    with console.status("recounting"), ThreadPoolExecutor(len(names)) as threads:
        for name, done in zip(names, threads.map(_verify, names), strict=True):
            said = [done.stdout, done.stderr] if done.returncode else [done.stdout]
            for text in filter(None, map(str.strip, said)):
                console.print(text, markup=False, highlight=False, soft_wrap=True)
            if done.returncode:
                failed[name] = done.returncode
    if failed:
        raise StepFailed(
            f"not verified: {', '.join(failed)}. What differs stands above; `daybook rebuild GROUP "
            "--all` makes the documents what the log says",
            worst(list(failed.values())),
        )


def worst(exit_codes: Sequence[int]) -> int:
    """A difference (1) wins over what could not be recounted or reached."""
    return 1 if 1 in exit_codes else exit_codes[0]


@contextmanager
def members_of(commands: dict[str, list[str]], files: dict[str, Path]) -> Iterator[Members]:
    """The running members; those that still run at the end are told to stop, and waited for."""
    members: Members = {}
    try:
        for name, path in files.items():
            with path.open("wb") as log:
                members[name] = subprocess.Popen(
                    commands[name],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=_environment(),
                    # Ctrl-C is for the demo alone, which then stops each member once.
                    start_new_session=True,
                )
        yield members
    finally:
        for member in members.values():
            if member.poll() is None:
                member.terminate()
        for member in members.values():
            try:
                member.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                member.kill()
                member.wait()


def check(members: Members, files: dict[str, Path], console: Console) -> None:
    """Raises StepFailed for a member that failed, after the end of what it said."""
    for name, member in members.items():
        if member.returncode:
            lines = files[name].read_text(errors="replace").splitlines()
            tail = "\n".join(lines[-_LINES_SHOWN:])
            console.print(tail, markup=False, highlight=False, soft_wrap=True)
            raise StepFailed(
                f"`daybook run {name} --until-caught-up` ended with {member.returncode}; all it "
                f"said is in {files[name]}",
                max(1, member.returncode),
            )


def _verify(name: str) -> subprocess.CompletedProcess[str]:
    command = _command("verify", name, "--all")
    return subprocess.run(command, stdin=subprocess.DEVNULL, text=True, capture_output=True)


def _environment() -> dict[str, str]:
    # Three members cannot share one health port.
    return os.environ | {"DAYBOOK_HEALTH_PORT": "0"}


def _command(*arguments: str) -> list[str]:
    # -P: a package named cli in the directory we stand in is not ours.
    return [sys.executable, "-P", "-m", "cli", *arguments]
