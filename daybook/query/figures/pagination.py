"""Pages of rows, by number or by the cursor of the previous page."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from daybook.query.figures.body import Body
from daybook.query.problem import wrong

SIZE, SIZE_MAX, NUMBER_MAX = 50, 200, 1_000


class Cursor(NamedTuple):
    """The last row of a page: the time of a session's first event, and its id."""

    started_at: datetime
    id: str


class Pagination(Body):
    """`next_cursor` is null on the last page. New rows do not move rows of earlier pages."""

    page: int | None
    page_size: int
    has_more: bool
    next_cursor: str | None


class PageRequest(NamedTuple):
    """`after` takes precedence over `number`."""

    number: int = 1
    size: int = SIZE
    after: Cursor | None = None

    @property
    def skip(self) -> int:
        return 0 if self.after else (self.number - 1) * self.size


def pagination(requested: PageRequest, rows: Sequence[Any], last: Cursor | None) -> Pagination:
    """`rows`: the page's, and one more if there is one; `last`: cursor of the page's last row."""
    has_more = len(rows) > requested.size
    return Pagination(
        page=None if requested.after else requested.number,
        page_size=requested.size,
        has_more=has_more,
        next_cursor=render_cursor(last) if has_more and last else None,
    )


def render_cursor(cursor: Cursor) -> str:
    raw = json.dumps([round(cursor.started_at.timestamp() * 1_000), cursor.id])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> Cursor:
    """Raises Problem (422) for a text that `render_cursor` cannot have made."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        at_ms, name = json.loads(raw)
        if type(at_ms) is not int or type(name) is not str:
            raise ValueError(text)
        name.encode()  # a lone surrogate has no UTF-8, and MongoDB stores nothing else
        return Cursor(datetime.fromtimestamp(at_ms / 1_000, UTC), name)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error):
        raise wrong("cursor", "must be the `next_cursor` of the previous page") from None
