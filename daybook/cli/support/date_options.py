"""Days as options have them."""

from datetime import date

import typer


def day(text: str) -> date:
    """Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no day: write 2026-11-20") from None
