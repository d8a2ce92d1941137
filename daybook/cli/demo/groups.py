"""Runs and verifies all groups by the commands that a user would type."""

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

from rich.console import Console

from consumers import FLEET, PREFIX, find
from daybook.cli.demo.console import bars
from daybook.cli.demo.processes import StepFailed, check, command, processes
from daybook.engine.group import Group
from daybook.engine.kafka.clients import admin
from daybook.engine.member.caught_up import CaughtUp, log_ends
from daybook.engine.mongo.client import database
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.settings import Settings

_POLL_SECONDS = 0.2
_OF_DAYS = [group for group in FLEET if group.documents]
"""The groups that count daily documents."""


def short(group: Group) -> str:
    return group.name.removeprefix(PREFIX)


def count_all(settings: Settings, console: Console, logs: Path) -> None:
    """Runs a member of each group that counts days, as `count` does."""
    count(settings, console, logs, {short(group): () for group in _OF_DAYS})


def count(
    settings: Settings, console: Console, logs: Path, options: Mapping[str, Sequence[str]]
) -> None:
    """Runs a member of each of these groups in parallel until all of them have caught up.

    `logs` is the directory of the members' log files; `options` are those of `daybook run`, by the
    group's short name. Raises DaybookError.
    """
    documents, client = database(settings), admin(settings)
    counts = {}
    for name in options:
        group = find(name)
        ends = log_ends(client, list(group.topics))
        counts[name] = CaughtUp(Checkpoints(group.name, documents), ends)
    totals = {name: count.total for name, count in counts.items()}
    commands = {
        name: command("run", name, "--until-caught-up", *own) for name, own in options.items()
    }
    files = {name: logs / f"{name}.log" for name in counts}
    with bars(console, totals) as advance, processes(commands, files) as members:
        while running := [name for name, member in members.items() if member.poll() is None]:
            check(members, files, console)
            for name in running:
                advance(name, counts[name].done())
            sleep(_POLL_SECONDS)
        check(members, files, console)
        for name, count in counts.items():
            done = count.done()
            advance(name, done)
            if done < count.total:
                raise StepFailed(
                    f"{name} was stopped after {done:,} of {count.total:,} messages. "
                    "Run `daybook demo` again to continue",
                    1,
                )


def verify_all(console: Console) -> None:
    """Runs `daybook verify --all` for every group. Raises StepFailed if one of them fails."""
    names = [short(group) for group in FLEET]
    failed: dict[str, int] = {}
    with console.status("recounting"), ThreadPoolExecutor(len(names)) as threads:
        for name, done in zip(names, threads.map(_verify, names), strict=True):
            output = [done.stdout, done.stderr] if done.returncode else [done.stdout]
            for text in filter(None, map(str.strip, output)):
                console.print(text, markup=False, highlight=False, soft_wrap=True)
            if done.returncode:
                failed[name] = done.returncode
    if failed:
        raise StepFailed(
            f"not verified: {', '.join(failed)}; the differences are printed above. `daybook "
            "rebuild GROUP --all` makes the documents equal to the log",
            worst(list(failed.values())),
        )


def worst(exit_codes: Sequence[int]) -> int:
    """A difference (1) wins over documents that could not be recounted or reached."""
    return 1 if 1 in exit_codes else exit_codes[0]


def _verify(name: str) -> subprocess.CompletedProcess[str]:
    verify = command("verify", name, "--all")
    return subprocess.run(verify, stdin=subprocess.DEVNULL, text=True, capture_output=True)
