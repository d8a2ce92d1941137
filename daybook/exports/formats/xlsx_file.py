"""Writes a report as an Excel workbook: one sheet per table, row by row."""

from pathlib import Path

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


async def write(content: Content, path: Path) -> int:
    """Writes the file; returns its number of rows. A table too long for a sheet fills several."""
    count = 0
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
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
        self._sheet: Worksheet = self._book.add_worksheet(name)
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
        sheet.write_string(row, column, str(value)[:_CHARS_MAX])
