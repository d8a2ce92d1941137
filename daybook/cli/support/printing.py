"""How commands print: plain lines, tables, JSON; nothing from outside may act on the terminal."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bson import Binary, Decimal128
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 1_000
_FIGURE = re.compile(r"-?[\d,]*(\.\d+)?%?")


def console() -> Console:
    """Stdout: as wide as the terminal; in a pipe, wide enough that nothing is folded."""
    found = Console()
    return found if found.is_terminal else Console(width=_PIPE_WIDTH)


def print_line(line: str, out: Console | None = None) -> None:
    """One plain line, not folded, whatever brackets it holds; on stdout unless `out` is given."""
    (out or console()).print(line, markup=False, highlight=False, soft_wrap=True)


def print_warning(sentence: str) -> None:
    """One plain line on stderr."""
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None
) -> Table:
    """A table of plain text; a column of figures stands to the right."""
    cells = [list(row) for row in rows]
    found = Table(box=None, pad_edge=False)
    for index, heading in enumerate(headings):
        figures = all(_FIGURE.fullmatch(row[index]) for row in cells)
        found.add_column(
            heading,
            overflow="fold",
            justify="right" if figures else "left",
            width=widths[index] if widths else None,
        )
    for row in cells:
        found.add_row(*(Text(printable(cell)) for cell in row))
    return found


def printable(text: str) -> str:
    """The text with control characters as escapes, so that it is shown and does nothing."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def number_of(count: int, noun: str, several: str = "") -> str:
    """`1 message`, `12,345 messages`; `several` where it takes more than an s."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def moment(at: datetime | None) -> str:
    """In UTC, to the second; empty when there is none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if at else ""


def as_json(value: Any) -> str:
    """JSON of what MongoDB holds: dates as ISO 8601, bytes as hexadecimal."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes() | Binary():
            return value.hex()
        case Decimal128():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} cannot be told as JSON")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()
