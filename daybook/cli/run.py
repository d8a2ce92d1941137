"""`daybook run`: runs one member of a consumer group."""

import os
import signal
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn

import consumers
from consumers import segment
from daybook.cli.support.extras import extra
from daybook.cli.support.moment_options import milliseconds
from daybook.cli.support.progress_bars import progress_bars
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
            help="Exit with 0 once the group has durably counted all messages that the log held "
            "when this member started, no matter which member counted them.",
        ),
    ] = False,
    clock: Annotated[
        int | None,
        typer.Option(
            parser=milliseconds,
            metavar="TIME",
            help="With segment: evaluate as of this moment at the latest (RFC 3339). The clock of "
            "segments never goes back.",
        ),
    ] = None,
) -> None:
    """Run one member of a group, which counts events until it is stopped.

    Start as many members as you like: they share the group's partitions. If one dies, the others
    take over, and no event is lost or counted twice. On Ctrl-C or SIGTERM the member counts what
    it has fetched, commits and exits; a second signal ends it at once, which is safe. It serves
    /live, /ready and /metrics on the port that it logs.

    Example: `daybook run revenue --until-caught-up`
    """
    target = consumers.find(group)
    if clock is not None:
        if target.name != segment.GROUP.name:
            raise typer.BadParameter("--clock is for the group segment")
        target = segment.until(target, clock)
    config = settings()
    logs.configure(config.log_format)
    if target.name == segment.GROUP.name:
        # Before anything else, which may need servers.
        with extra("segments"):
            import_module("daybook.segments.stage.build")
    with progress_bars(MofNCompleteColumn()) as bar:
        task = bar.add_task(f"counting {target.name}", total=None, visible=until_caught_up)
        run_member(
            target,
            config,
            until_caught_up=until_caught_up,
            started=stop_on_signals,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def stop_on_signals(member: Member) -> None:
    """Stops the member at the first SIGTERM or SIGINT, and ends the process at the second."""
    stopping = False

    def stop(number: int, _: Any) -> None:
        nonlocal stopping
        if stopping:
            os._exit(128 + number)
        stopping = True
        member.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
