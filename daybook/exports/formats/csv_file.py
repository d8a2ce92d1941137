"""Writes a report as CSV (RFC 4180): one header, and in each row the name of its table."""

import csv
from pathlib import Path

from daybook.exports.formats.cell import Cell, harmless_in_parts
from daybook.exports.formats.content import Content

TABLE = "table"


async def write(content: Content, path: Path, *, with_mark: bool) -> int:
    """Writes the file; returns its number of rows.

    All tables share one header, so that any program can read the file; a row fills only the
    columns of its table. `with_mark`: whether a byte-order mark precedes it, without which Excel
    does not read UTF-8.
    """
    tables, stream = content.tables(), content.stream
    table_columns = [column for table in tables for column in table.columns]
    columns = list(dict.fromkeys([*table_columns, *(stream.columns if stream else ())]))
    position = {column: index for index, column in enumerate(columns, 1)}
    count = 0
    encoding = "utf-8-sig" if with_mark else "utf-8"
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out)
        writer.writerow([TABLE, *columns])

        def put(table: str, positions: list[int], cells: list[Cell]) -> None:
            row: list[Cell] = [table, *([None] * len(columns))]
            for index, value in zip(positions, cells, strict=True):
                row[index] = _escaped(value)
            writer.writerow(row)

        for table in tables:
            positions = [position[column] for column in table.columns]
            for cells in table.rows:
                put(table.name, positions, cells)
                count += 1
        if stream:
            positions = [position[column] for column in stream.columns]
            async for cells in stream.cells():
                put(stream.name, positions, cells)
                count += 1
    return count


def _escaped(value: Cell) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless_in_parts(value)
