"""A moment on the command line."""

import typer

from daybook.engine.moment import milliseconds_at, parse_moment


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of a time of RFC 3339. Raises BadParameter."""
    try:
        return milliseconds_at(parse_moment(text))
    except ValueError:
        raise typer.BadParameter("must be like 2026-11-20T10:00:00Z") from None
