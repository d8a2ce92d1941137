"""Converts values to cells of a table, with text that no spreadsheet reads as a formula."""

import re
from typing import Any

from pydantic_core import to_json

Cell = str | int | float | bool | None

_SIGNS = "=+@＝＋－＠-"
_SEPARATORS = ";,|\t\r\n"
_UNSEEN = (
    "\\s\\x00-\\x20\\x7f-\\xa0\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f"
    "\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\\U000e0000-\\U000e0fff"
)
"""White space, control characters, and what Unicode lets a program leave out (`Default_Ignorable`):
a spreadsheet that drops them would find a formula behind them."""

_FORMULA = re.compile(f"[{_UNSEEN}]*+[{_SIGNS}]| *[\t\r]")
_RUN = re.compile(f"[{_UNSEEN}{_SEPARATORS}\"']++[{_SIGNS}]?")
"""Each character is read once, so the time is linear however long a run is."""

_PLAIN_NUMBER = re.compile(rf"[+-]\d++(\.\d++)?+([eE][+-]?\d++)?+(?=[{_SEPARATORS}\]}}]|\Z)")
_BREAKS = re.compile(f"[{_SEPARATORS}]")
_JOINED = "; "


def cell(value: Any) -> Cell:
    """The value itself; lists of texts are joined, other lists and objects become JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _JOINED.join(value)
    return to_json(value, inf_nan_mode="null").decode()


def harmless(value: Cell) -> Cell:
    """Prefixes text that looks like a formula with an apostrophe, which spreadsheets hide."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def harmless_in_parts(value: Cell) -> Cell:
    """The same for text that a program may split at any usual separator, as it may a CSV file.

    A part that is a plain number stays as it is.
    """
    whole = harmless(value)
    if not isinstance(whole, str) or not _BREAKS.search(whole):
        return whole
    return _RUN.sub(_neutralised, whole)


def _neutralised(run: re.Match[str]) -> str:
    text = run.group()
    if text[-1] not in _SIGNS or not _BREAKS.search(text):
        return text
    if _PLAIN_NUMBER.match(run.string, run.end() - 1):
        return text
    return f"{text[:-1]}'{text[-1]}"
