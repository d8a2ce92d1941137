"""Temporary DuckDB tables, which spill to disk and are deleted on closing."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

_MEMORY_MAX = """
    SELECT parse_formatted_bytes(current_setting('memory_limit')) * 5 // 8 || 'B'
"""
"""Half of the machine's or container's memory: DuckDB takes four fifths unless it is limited. A
group with states gathers every key's history, so it needs more the longer its log is."""

Row = tuple[Any, ...]


class Tables:
    """`db` is the connection; its time zone is UTC."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="daybook-recount-")
        self.db = duckdb.connect(config={"temp_directory": self._directory.name})
        [(memory,)] = self.rows(_MEMORY_MAX)
        self.db.execute("SET memory_limit = ?", [memory])
        self.db.execute("SET TimeZone = 'UTC'")

    def close(self) -> None:
        """Closes the database and deletes its files."""
        self.db.close()
        self._directory.cleanup()

    def create(self, table: str, columns: str, rows: Iterable[Row] = ()) -> None:
        """Creates a table with these columns (as in SQL) and rows."""
        self.db.execute(f"CREATE TABLE {table} ({columns})")
        self.refill(table, list(rows))

    def refill(self, table: str, rows: Sequence[Row]) -> None:
        """Replaces all rows of a table."""
        self.db.execute(f"DELETE FROM main.{table}")
        if rows:
            holders = ", ".join("unnest(?)" for _ in rows[0])
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.db.execute(f"INSERT INTO main.{table} SELECT {holders}", columns)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Runs a query and returns all its rows."""
        return self.db.execute(query, list(parameters)).fetchall()

    def append(
        self, table: str, first: str, kinds: Mapping[str, str], batches: Sequence[str]
    ) -> None:
        """Appends rows to a table.

        `batches`: JSON objects, each a list of values per column. `kinds`: the columns' SQL types.
        `first`: the value of the column before them. The rows pass through a file, the fastest way
        without another library.
        """
        path = Path(self._directory.name) / f"{table}.json"
        path.write_text(f"[{','.join(batches)}]")
        names = ", ".join(f'unnest("{name}")' for name in kinds)
        columns = ", ".join(f"'{name}': '{kind}[]'" for name, kind in kinds.items())
        self.db.execute(
            f"INSERT INTO main.{table} SELECT ?, {names} FROM read_json(?, format = 'array', "
            f"maximum_object_size = {max(map(len, batches)) + 1}, columns = {{{columns}}})",
            [first, str(path)],
        )
