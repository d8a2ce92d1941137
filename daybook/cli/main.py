"""`daybook`: every command, and how failures are printed."""

import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from daybook.cli.support.closed_pipe import outlive_readers
from daybook.cli.support.lazy_command import CommandSource, LazyCommand
from daybook.engine.errors import DaybookError, Unavailable

COMMANDS = {
    "up": CommandSource(
        "daybook.cli.up",
        "Start Kafka, MongoDB and Redis here, and make the topics and indexes.",
        "demo",
    ),
    "down": CommandSource(
        "daybook.cli.down",
        "End the local Kafka, MongoDB and Redis that `daybook up` started.",
        "demo",
    ),
    "demo": CommandSource(
        "daybook.cli.demo.command",
        "See a real shop's purchases become daily documents, and every number recounted.",
        "demo",
    ),
    "publish": CommandSource(
        "daybook.cli.publish", "Send events to a topic, one JSON event a line."
    ),
    "simulate": CommandSource(
        "daybook.cli.simulate",
        "Make a storefront's traffic: visitors, carts, orders, refunds, accounts, two experiments.",
    ),
    "run": CommandSource(
        "daybook.cli.run",
        "Counts a group's events until stopped: one member, of as many as you start.",
    ),
    "show": CommandSource(
        "daybook.cli.show",
        "Show what a group has counted, a line a day; without dates, the last 14 days with data.",
    ),
    "verify": CommandSource(
        "daybook.cli.verify",
        "Recount a group's documents from the log, and compare them field by field.",
        "recount",
    ),
    "rebuild": CommandSource(
        "daybook.cli.rebuild",
        "Make a group's documents what the log says, while the group runs.",
        "recount",
    ),
    "reset": CommandSource(
        "daybook.cli.reset", "Let a group go on whose next messages the log has lost."
    ),
    "status": CommandSource(
        "daybook.cli.status", "Show how each group stands: members, lag, freshness, dead letters."
    ),
    "schemas": CommandSource(
        "daybook.cli.schemas",
        "List the events of every topic and their fields; or print their JSON Schemas.",
    ),
    "topics": CommandSource(
        "daybook.cli.topics", "Compare the cluster's topics with topics.yaml, and make them so."
    ),
    "dlq": CommandSource(
        "daybook.cli.dlq",
        "Dead letters of a topic: the messages that could not be counted, and why.",
    ),
    "keys": CommandSource(
        "daybook.cli.keys", "Make, list and revoke the keys by which callers are let in."
    ),
    "serve": CommandSource("daybook.cli.serve", "Run a service that answers over HTTP."),
}

_NAMES = {"kafka": "Kafka", "mongodb": "MongoDB", "redis": "Redis"}
"""How failures call the servers."""


class Commands(TyperGroup):
    """Lists every command without importing any."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: LazyCommand(name, source) for name, source in COMMANDS.items()}


app = typer.Typer(
    cls=Commands,
    name="daybook",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"daybook {version('daybook')}")
        raise typer.Exit


@app.callback()
def daybook(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Domain events to daily MongoDB documents, each counted exactly once.

    Any number can be recounted from the log. Begin with `daybook demo`.
    """


def main() -> None:
    """Runs the command line. A failure that a person can act on is one sentence on stderr."""
    outlive_readers()
    if any(name.upper().startswith("DAYBOOK_") for name in os.environ):
        from daybook.cli.support.unknown_settings import warnings

        for warning in warnings(os.environ):
            _print_error(warning, "yellow")
    try:
        app()
    except DaybookError as error:
        sentence = str(error)
        if isinstance(error, Unavailable) and is_of_this_machine(sentence):
            sentence += ". `daybook up` starts the servers of this machine"
        _print_error(sentence, "red")
        sys.exit(error.exit_code)


def is_of_this_machine(failure: str) -> bool:
    """Whether it is about a server that no setting names: `daybook up` may start that one."""
    try:
        from daybook.cli.support.local_servers import given_servers
    except ModuleNotFoundError:  # without the extra [demo] there is no `daybook up`
        return False
    given = given_servers()
    return any(called in failure for name, called in _NAMES.items() if name not in given)


def _print_error(sentence: str, style: str) -> None:
    from rich.console import Console

    line = f"daybook: {sentence}"
    Console(stderr=True).print(line, style=style, markup=False, highlight=False, soft_wrap=True)
