"""Pages of rows: by number, or from where the page before ended."""

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
    """Where a page ended: a session's first event, and its id."""

    started_at: datetime
    id: str


class Pagination(Body):
    """`next_cursor` is null on the last page. What comes meanwhile shifts no row before it."""

    page: int | None
    page_size: int
    has_more: bool
    next_cursor: str | None


class PageRequest(NamedTuple):
    """`after` goes before `number`."""

    number: int = 1
    size: int = SIZE
    after: Cursor | None = None

    @property
    def skip(self) -> int:
        return 0 if self.after else (self.number - 1) * self.size


def pagination(asked: PageRequest, rows: Sequence[Any], last: Cursor | None) -> Pagination:
    """`rows`: one more than the page has, if there is one; `last`: of the page's own last."""
    has_more = len(rows) > asked.size
    return Pagination(
        page=None if asked.after else asked.number,
        page_size=asked.size,
        has_more=has_more,
        next_cursor=cursor(last) if has_more and last else None,
    )


def cursor(place: Cursor) -> str:
    raw = json.dumps([round(place.started_at.timestamp() * 1_000), place.id])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def place(text: str) -> Cursor:
    """Raises Problem (422) for what is no cursor of ours."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        at_ms, name = json.loads(raw)
        if type(at_ms) is not int or type(name) is not str:
            raise ValueError(text)
        return Cursor(datetime.fromtimestamp(at_ms / 1_000, UTC), name)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error):
        raise wrong("cursor", "take it from `next_cursor` of the page before") from None
