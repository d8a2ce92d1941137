"""Days as options have them."""

from datetime import date
from typing import Annotated

import typer

from daybook.recount.days import Days


def day(text: str) -> date:
    """Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no day: write 2026-11-20") from None


DateOption = Annotated[str | None, typer.Option("--date", help="One day: 2026-11-20")]
FromOption = Annotated[str | None, typer.Option("--from", help="The first day of several")]
ToOption = Annotated[str | None, typer.Option("--to", help="The last day of several")]


def days(date: str | None, first: str | None, last: str | None, every: bool) -> Days:
    """The days that the options name. Raises BadParameter when they name none, or two kinds."""
    ranged = first is not None or last is not None
    if (date is not None) + ranged + every != 1:
        raise typer.BadParameter("say which days: --date, or --from and --to, or --all")
    if every:
        return Days()
    chosen = Days(_day(date or first), _day(date or last))
    if chosen.first and chosen.last and chosen.first > chosen.last:
        raise typer.BadParameter(f"--from {first} is after --to {last}")
    return chosen


def _day(text: str | None) -> str | None:
    return None if text is None else day(text).isoformat()
