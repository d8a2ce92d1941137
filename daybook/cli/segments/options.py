"""What the commands of `daybook segments` share: the group of commands, and their options."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from daybook.cli.segments.profiles import clock_of
from daybook.cli.support.moment_options import milliseconds
from daybook.engine.errors import Unknown
from daybook.engine.moment import moment_at
from daybook.engine.mongo.client import Documents
from schemas.envelope import moment_text
from schemas.fields import Id

segments = typer.Typer(
    no_args_is_help=True,
    help="Define, pin and retire audience segments, list them and their members, and explain one.",
)


def checked_id(value: str) -> str:
    """The id of a segment, a campaign or an organization, as an argument of a command."""
    try:
        return TypeAdapter(Id).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("1 to 128 printable characters without spaces") from None


SegmentArgument = Annotated[str, typer.Argument(callback=checked_id, help="The segment's id.")]
Organization = Annotated[
    str, typer.Option(callback=checked_id, help="The organization whose segments these are.")
]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, help="A version; by default the newest.")
]
AtOption = Annotated[
    int | None,
    typer.Option(
        "--at",
        parser=milliseconds,
        metavar="TIME",
        help="A moment (RFC 3339); by default the one up to which everything is evaluated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def moment_of(documents: Documents, at: int | None) -> int | None:
    """The moment that is asked for, by default the one up to which everything is evaluated, in ms
    since 1970; None before the first round.

    Raises Unknown for a later one.
    """
    clock = clock_of(documents)
    if at is None:
        return clock
    if clock is None or at > clock:
        until = "nothing is evaluated yet" if clock is None else f"evaluated up to {text_of(clock)}"
        raise Unknown(f"--at {text_of(at)}: {until}")
    return at


def text_of(at: int | None) -> str | None:
    """A moment in ms since 1970 as RFC 3339; None for None."""
    return None if at is None else moment_text(moment_at(at))
