"""Renders server-sent events."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

Row = dict[str, Any]
"""A day's totals of a ticketed event or of a funnel."""

ROWS_PER_EVENT = 50
"""The maximum of rows in one event of a dashboard channel, as in the messages of members."""

BEAT = b": still here\n\n"
RETRY_MS = 2_000


def event(name: str, data: Any, at: int) -> bytes:
    """`at` is the event's id. The JSON has no line breaks, which would split the event."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (at, name.encode(), to_json(data))


def retry() -> bytes:
    """The time after which a browser reconnects."""
    return b"retry: %d\n\n" % RETRY_MS


def totals(kind: str, rows: Sequence[Row], at: int) -> list[bytes]:
    """Renders rows as events. For a dashboard there is at least one event, possibly empty."""
    if kind == "event":
        return [event("totals", row, at) for row in rows]
    pages = [
        rows[start : start + ROWS_PER_EVENT] for start in range(0, len(rows), ROWS_PER_EVENT)
    ] or [[]]
    return [event("totals", {"totals": page}, at) for page in pages]
