"""What stands in a cell: text that no spreadsheet takes for a formula; numbers as they are."""

import re
from typing import Any

from pydantic_core import to_json

Cell = str | int | float | bool | None

_FORMULA = re.compile(" *[=+@\t\r\n＝＋－＠-]")
_JOINED = "; "


def cell(value: Any) -> Cell:
    """Lists of texts are joined, objects told as JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _JOINED.join(value)
    return to_json(value).decode()


def harmless(value: Cell) -> Cell:
    """Text that begins like a formula gets an apostrophe before it, which spreadsheets hide."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
