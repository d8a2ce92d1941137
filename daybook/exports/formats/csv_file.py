"""A report as CSV (RFC 4180): one header, and of every row the table that it belongs to."""

import csv
from pathlib import Path

from daybook.exports.formats.cell import Cell, harmless
from daybook.exports.formats.content import Content

TABLE = "table"


async def write(content: Content, path: Path) -> int:
    """How many rows. A table fills its own columns; with one header any program reads the file."""
    tables, stream = content.tables(), content.stream
    named = [column for table in tables for column in table.columns]
    columns = list(dict.fromkeys([*named, *(stream.columns if stream else ())]))
    place = {column: at for at, column in enumerate(columns, 1)}
    count = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([TABLE, *columns])

        def put(table: str, own: list[int], cells: list[Cell]) -> None:
            row: list[Cell] = [table, *([None] * len(columns))]
            for at, value in zip(own, cells, strict=True):
                row[at] = _escaped(value)
            writer.writerow(row)

        for table in tables:
            own = [place[column] for column in table.columns]
            for cells in table.rows:
                put(table.name, own, cells)
                count += 1
        if stream:
            own = [place[column] for column in stream.columns]
            async for cells in stream.cells():
                put(stream.name, own, cells)
                count += 1
    return count


def _escaped(value: Cell) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value)
