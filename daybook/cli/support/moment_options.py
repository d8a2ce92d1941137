"""A moment on the command line."""

from datetime import UTC, datetime, timedelta

import typer

from daybook.engine.moment import parse_moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of a time of RFC 3339. Raises BadParameter."""
    try:
        return (parse_moment(text) - _EPOCH) // timedelta(milliseconds=1)
    except ValueError:
        raise typer.BadParameter("must be like 2026-11-20T10:00:00Z") from None
