"""The options that choose days: --date, --from and --to, --all."""

from datetime import date
from typing import Annotated

import typer

from daybook.recount.days import Days


def day(text: str) -> date:
    """Parses YYYY-MM-DD. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a date: write 2026-11-20") from None


DateOption = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="One day.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day of a range.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day of a range.")
]


def days(date: str | None, first: str | None, last: str | None, every: bool) -> Days:
    """The days that the options choose. Raises BadParameter unless exactly one kind is used."""
    is_range = first is not None or last is not None
    if (date is not None) + is_range + every != 1:
        raise typer.BadParameter("choose the days: --date, or --from and --to, or --all")
    if every:
        return Days()
    selected = Days(_day(date or first), _day(date or last))
    if selected.first and selected.last and selected.first > selected.last:
        raise typer.BadParameter(f"--from {first} is after --to {last}")
    return selected


def _day(text: str | None) -> str | None:
    return None if text is None else day(text).isoformat()
