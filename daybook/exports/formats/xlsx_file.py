"""Writes a report as an Excel workbook: one sheet per table, row by row."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from daybook.exports.formats.cell import Cell, harmless
from daybook.exports.formats.content import Content

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_ROWS_MAX = 1_048_576
_CHARS_MAX = 32_767
_NAME_MAX = 31
_EXACT_MAX = 2**53
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""What XML cannot contain; a workbook has it as `_xHHHH_`."""

_LOOKS_ESCAPED = re.compile("_(?=x[0-9a-fA-F]{4}_)")


async def write(content: Content, path: Path) -> int:
    """Writes the file; returns its number of rows. A table too long for a sheet fills several."""
    count = 0
    with (
        TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent) as parts,
        xlsxwriter.Workbook(str(path), _OPTIONS | {"tmpdir": parts}) as book,
    ):
        for table in content.tables():
            sheet = _Sheet(book, table.name, table.columns)
            for cells in table.rows:
                sheet.put(cells)
            count += len(table.rows)
        if stream := content.stream:
            sheet = _Sheet(book, stream.name, stream.columns)
            async for cells in stream.cells():
                sheet.put(cells)
                count += 1
    return count


class _LiteralWorksheet(Worksheet):  # type: ignore[misc]
    """Writes every text as it is.

    The library takes text from `<r>` to `</r>` for markup and writes it unescaped, and it escapes
    only every other one of adjoining texts that look like its own escapes.
    """

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, Any]]) -> None:
        self._xml_inline_string(string, True, attributes)

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        return _ILLEGAL.sub(lambda it: f"_x{ord(it[0]):04X}_", _LOOKS_ESCAPED.sub("_x005F_", data))


class _ExactFloat(float):
    """A float that is written with all its digits; the library would cut the 17th, which would
    change the number."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class _Sheet:
    def __init__(self, book: Workbook, name: str, columns: list[str]) -> None:
        self._book = book
        self._name = name if len(name) <= _NAME_MAX else name.rpartition(".")[2]
        self._columns = columns
        self._sheets = 0
        self._begin()

    def put(self, cells: list[Cell]) -> None:
        if self._next == _ROWS_MAX:
            self._begin()
        for column, value in enumerate(cells):
            _put(self._sheet, self._next, column, harmless(value))
        self._next += 1

    def _begin(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name[: _NAME_MAX - 4]} {self._sheets}"
        self._sheet: Worksheet = self._book.add_worksheet(name, _LiteralWorksheet)
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for index, column in enumerate(self._columns):
            self._sheet.write_string(0, index, column, bold)
        self._next = 1


def _put(sheet: Worksheet, row: int, column: int, value: Cell) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and abs(value) <= _EXACT_MAX:
        sheet.write_number(row, column, value if isinstance(value, int) else _ExactFloat(value))
    else:
        # A workbook's numbers are doubles, which cannot hold larger integers exactly.
        sheet.write_string(row, column, _cut(str(value)))


def _cut(text: str) -> str:
    """A cell's length is counted in UTF-16."""
    if 2 * len(text) <= _CHARS_MAX:
        return text
    return text.encode("utf-16-le")[: 2 * _CHARS_MAX].decode("utf-16-le", "ignore")
