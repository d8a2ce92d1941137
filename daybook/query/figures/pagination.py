"""Pages of rows, by number or by the cursor of the previous page."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    """`page` is null where a cursor selects the page, `next_cursor` on the last page.

    New rows do not move rows of earlier pages.
    """

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
    return _encoded([round(cursor.started_at.timestamp() * 1_000), cursor.id])


def parse_cursor(text: str) -> Cursor:
    """Raises Problem (422) for a text that `render_cursor` cannot have made."""
    with _refusing():
        at_ms, name = _decoded(text)
        if type(at_ms) is not int:
            raise ValueError(text)
        return Cursor(datetime.fromtimestamp(at_ms / 1_000, UTC), _text(name))


def render_id_cursor(last_id: str) -> str:
    """The cursor of a list in the order of its ids."""
    return _encoded([last_id])


def parse_id_cursor(text: str) -> str:
    """The last id of the page before. Raises Problem (422) like `parse_cursor`."""
    with _refusing():
        (name,) = _decoded(text)
        return _text(name)


def _encoded(place: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(text: str) -> list[Any]:
    place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(place, list):
        raise TypeError(place)
    return place


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # a lone surrogate has no UTF-8, and MongoDB stores nothing else
    return value


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error):
        raise wrong("cursor", "must be the `next_cursor` of the previous page") from None
