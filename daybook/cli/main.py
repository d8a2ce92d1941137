"""`daybook`: every command, and how failures are told."""

import os
import sys

import typer
from rich.console import Console

from daybook.cli.demo.command import demo
from daybook.cli.dlq import dlq
from daybook.cli.down import down
from daybook.cli.keys import keys
from daybook.cli.publish import publish
from daybook.cli.rebuild import rebuild
from daybook.cli.reset import reset
from daybook.cli.run import run
from daybook.cli.schemas import schemas
from daybook.cli.serve import serve
from daybook.cli.show import show
from daybook.cli.simulate import simulate
from daybook.cli.status import status
from daybook.cli.support.closed_pipe import outlive_readers
from daybook.cli.support.local_servers import given_servers
from daybook.cli.support.unknown_settings import warnings
from daybook.cli.topics import topics
from daybook.cli.up import up
from daybook.cli.verify import verify
from daybook.engine.errors import DaybookError, Unavailable

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
