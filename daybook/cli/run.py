"""`daybook run`: a member of a group."""

import os
import signal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

import consumers
from daybook.engine import logs
from daybook.engine.member.member import Member
from daybook.engine.member.run import run as run_member
from daybook.engine.settings import settings


def run(
    group: Annotated[str, typer.Argument(help="revenue, or sc-analytics-revenue")],
    until_caught_up: Annotated[
        bool,
        typer.Option(
            "--until-caught-up",
            help="Exit 0 once every partition has reached the end seen at the start, and all of "
            "it is durable, whoever counted it.",
        ),
    ] = False,
) -> None:
    """Counts a group's events until stopped: one member, of as many as you start.

    Members share the partitions among them; one that dies is replaced by the others, and nothing
    is lost or counted twice. Ctrl-C (SIGTERM) counts what was fetched, commits and exits; a
    second one quits at once, which is harmless. /live, /ready and /metrics are on the port that
    is printed.

    Example: daybook run revenue --until-caught-up
    """
    found = consumers.find(group)
    own = settings()
    logs.configure(own.log_format)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"counting {found.name}", total=None, visible=until_caught_up)
        run_member(
            found,
            own,
            until_caught_up=until_caught_up,
            started=stop_on_signals,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def stop_on_signals(member: Member) -> None:
    stopping = False

    def stop(number: int, _: Any) -> None:
        nonlocal stopping
        if stopping:
            os._exit(128 + number)
        stopping = True
        member.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
