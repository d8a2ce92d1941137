"""Converts values to cells of a table, with text that no spreadsheet reads as a formula."""

import re
from typing import Any

from pydantic_core import to_json

Cell = str | int | float | bool | None

_FORMULA = re.compile(" *[=+@\t\r\n＝＋－＠-]")
_SEPARATOR = "; "


def cell(value: Any) -> Cell:
    """The value itself; lists of texts are joined, other lists and objects become JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _SEPARATOR.join(value)
    return to_json(value).decode()


def harmless(value: Cell) -> Cell:
    """Prefixes text that looks like a formula with an apostrophe, which spreadsheets hide."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
