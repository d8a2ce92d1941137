"""Server-sent events as they go over the wire."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

Row = dict[str, Any]
"""Totals of a day: of a ticketed event, or of a funnel."""

AT_ONCE = 50
"""Rows in one event of a dashboard, as members publish them."""

BEAT = b": still here\n\n"
RETRY_MS = 2_000


def event(name: str, data: Any, at: int) -> bytes:
    """`at` is its id. JSON of one line has no line break to be cut at."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (at, name.encode(), to_json(data))


def retry() -> bytes:
    """When a browser that lost its stream asks again."""
    return b"retry: %d\n\n" % RETRY_MS


def totals(kind: str, rows: Sequence[Row], at: int) -> list[bytes]:
    """As many events as it takes. Of a dashboard it is one at least, be there nothing in it."""
    if kind == "event":
        return [event("totals", row, at) for row in rows]
    some = [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)] or [[]]
    return [event("totals", {"totals": each}, at) for each in some]
