"""`daybook`: every command, and how failures are told."""

import os
import sys

import typer
from rich.console import Console

from cli.closed_pipe import outlive_readers
from cli.demo import demo
from cli.dlq import dlq
from cli.down import down, given_servers
from cli.keys import keys
from cli.publish import publish
from cli.rebuild import rebuild
from cli.reset import reset
from cli.run import run
from cli.schemas import schemas
from cli.serve import serve
from cli.show import show
from cli.simulate import simulate
from cli.status import status
from cli.topics import topics
from cli.unknown_settings import warnings
from cli.up import up
from cli.verify import verify
from engine.errors import DaybookError, Unavailable

_NAMES = {"kafka": "Kafka", "mongodb": "MongoDB", "redis": "Redis"}
"""How failures call the servers."""

app = typer.Typer(
    name="daybook",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Domain events to daily MongoDB documents, each counted exactly once; "
    "any number can be recounted from the log. Begin with `daybook demo`.",
)
for command in (
    up,
    down,
    demo,
    publish,
    simulate,
    run,
    show,
    verify,
    rebuild,
    reset,
    status,
    schemas,
):
    app.command()(command)
app.add_typer(topics, name="topics")
app.add_typer(dlq, name="dlq")
app.add_typer(keys, name="keys")
app.add_typer(serve, name="serve")


def main() -> None:
    """Runs the command line. A failure that a person can act on is one sentence on stderr."""
    outlive_readers()
    for warning in warnings(os.environ):
        _say(warning, "yellow")
    try:
        app()
    except DaybookError as error:
        said = str(error)
        if isinstance(error, Unavailable) and is_of_this_machine(said):
            said += ". `daybook up` starts the servers of this machine"
        _say(said, "red")
        sys.exit(error.exit_code)


def is_of_this_machine(failure: str) -> bool:
    """Whether it is about a server that no setting names: `daybook up` may start that one."""
    given = given_servers()
    return any(called in failure for name, called in _NAMES.items() if name not in given)


def _say(sentence: str, style: str) -> None:
    told = f"daybook: {sentence}"
    Console(stderr=True).print(told, style=style, markup=False, highlight=False, soft_wrap=True)
