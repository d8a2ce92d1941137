"""Prints plain lines, tables and JSON; no data from outside can control the terminal."""

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
_NUMBER = re.compile(r"-?[\d,]*(\.\d+)?%?")


def console() -> Console:
    """Stdout: as wide as the terminal; in a pipe, wide enough that nothing wraps."""
    stdout = Console()
    return stdout if stdout.is_terminal else Console(width=_PIPE_WIDTH)


def print_line(line: str, out: Console | None = None) -> None:
    """Prints one unwrapped line without markup, to stdout unless `out` is given."""
    (out or console()).print(line, markup=False, highlight=False, soft_wrap=True)


def print_warning(sentence: str) -> None:
    """Prints one unwrapped line without markup to stderr."""
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None
) -> Table:
    """A table of plain text; columns of numbers are aligned right."""
    cells = [list(row) for row in rows]
    result = Table(box=None, pad_edge=False)
    for index, heading in enumerate(headings):
        is_numeric = all(_NUMBER.fullmatch(row[index]) for row in cells)
        result.add_column(
            heading,
            overflow="fold",
            justify="right" if is_numeric else "left",
            width=widths[index] if widths else None,
        )
    for row in cells:
        result.add_row(*(Text(printable(cell)) for cell in row))
    return result


def printable(text: str) -> str:
    """The text with control characters as escapes, so that they do not act on the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def number_of(count: int, noun: str, plural: str = "") -> str:
    """`1 message`, `12,345 messages`; `plural` if it is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def moment(at: datetime | None) -> str:
    """A time in UTC, to the second; empty for None."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if at else ""


def as_json(value: Any) -> str:
    """A BSON value as JSON: dates as ISO 8601, bytes as hexadecimal."""
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
            raise TypeError(f"{type(value).__name__} cannot be serialized as JSON")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()
