"""A report as a workbook: a sheet a table, written row by row."""

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
    """How many rows. What is too long for a sheet goes on in the next."""
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


class _Exact(float):
    """Written with all its digits: the library would leave out the 17th, which makes it another
    number than the one that was counted."""

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
        for at, value in enumerate(cells):
            _put(self._own, self._next, at, harmless(value))
        self._next += 1

    def _begin(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name[: _NAME_MAX - 4]} {self._sheets}"
        self._own: Worksheet = self._book.add_worksheet(name)
        self._own.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for at, column in enumerate(self._columns):
            self._own.write_string(0, at, column, bold)
        self._next = 1


def _put(sheet: Worksheet, row: int, column: int, value: Cell) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and abs(value) <= _EXACT_MAX:
        sheet.write_number(row, column, value if isinstance(value, int) else _Exact(value))
    else:
        # A workbook's numbers are doubles: a greater one would not be the one that was counted.
        sheet.write_string(row, column, str(value)[:_CHARS_MAX])
