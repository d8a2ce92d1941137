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
        "Start Kafka, MongoDB and Redis on this machine, and create the topics and indexes.",
        "demo",
    ),
    "down": CommandSource(
        "daybook.cli.down",
        "Stop the local Kafka, MongoDB and Redis that `daybook up` started.",
        "demo",
    ),
    "demo": CommandSource(
        "daybook.cli.demo.command",
        "Count a real shop's purchases into daily documents, recount them, serve the dashboard.",
        "demo",
    ),
    "publish": CommandSource(
        "daybook.cli.publish", "Send events from a file to a topic, after checking every line."
    ),
    "simulate": CommandSource(
        "daybook.cli.simulate",
        "Generate a storefront's traffic, and the known answer: what the documents must hold.",
    ),
    "run": CommandSource(
        "daybook.cli.run",
        "Run one member of a group, which counts events until it is stopped.",
    ),
    "show": CommandSource(
        "daybook.cli.show",
        "Show what a group has counted, one line per day; by default the last 14 days with data.",
    ),
    "verify": CommandSource(
        "daybook.cli.verify",
        "Recount a group's documents from the log and compare them field by field.",
        "recount",
    ),
    "rebuild": CommandSource(
        "daybook.cli.rebuild",
        "Repair a group's documents: recount them from the log, and correct those that differ.",
        "recount",
    ),
    "reset": CommandSource(
        "daybook.cli.reset",
        "Let a group continue after a gap: messages that the log lost before it counted them.",
    ),
    "status": CommandSource(
        "daybook.cli.status", "Show the members, lag, freshness and dead letters of each group."
    ),
    "doctor": CommandSource(
        "daybook.cli.doctor",
        "Examine everything that a fleet needs, and say what to do about each problem.",
    ),
    "schemas": CommandSource(
        "daybook.cli.schemas",
        "List the events of every topic with their fields, or print their JSON Schemas.",
    ),
    "topics": CommandSource(
        "daybook.cli.topics",
        "Compare the cluster's topics with topics.yaml; create and configure them.",
    ),
    "dlq": CommandSource(
        "daybook.cli.dlq",
        "List, show and replay dead letters: the messages that a group could not count. Exclude a "
        "message at which a group stops.",
    ),
    "keys": CommandSource(
        "daybook.cli.keys",
        "Create, list and revoke API keys for the collector and the query service.",
    ),
    "segments": CommandSource(
        "daybook.cli.segments",
        "Define, pin and retire audience segments, list them and their members, and explain one.",
    ),
    "serve": CommandSource("daybook.cli.serve", "Run the collector, the query service or exports."),
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
