"""`daybook`: every command, and how failures are told."""

import sys

import typer
from rich.console import Console

from cli.run import run
from engine.errors import DaybookError

app = typer.Typer(
    name="daybook",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Domain events to daily MongoDB documents, each counted exactly once; "
    "any number can be recounted from the log.",
)
app.command()(run)


def main() -> None:
    """Runs the command line. A failure that a person can act on is one sentence on stderr."""
    try:
        app()
    except DaybookError as error:
        Console(stderr=True).print(f"daybook: {error}", style="red", markup=False, highlight=False)
        sys.exit(error.exit_code)
