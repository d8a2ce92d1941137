"""Temporary DuckDB tables, which spill to disk and are deleted on closing."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from daybook.recount.replay import rows
from daybook.recount.replay.rows import Row

MEMORY_MIB = 1_024
"""The memory of a recount, unless a command is given another bound."""

_OTHERS_MIB = 620
"""What Python, the Kafka client and DuckDB's own buffers take beside DuckDB's bound."""
_LEAST_MIB = 128


class Tables:
    """`db` is the connection; its time zone is UTC. `memory_mib` bounds the whole process."""

    def __init__(self, memory_mib: int) -> None:
        self._directory = TemporaryDirectory(prefix="daybook-recount-")
        self.folder = Path(self._directory.name)
        """For files of the recount."""
        self.memory_mib = max(_LEAST_MIB, memory_mib - _OTHERS_MIB)
        """DuckDB's share of the memory; beyond it, tables spill to the temporary directory."""
        self.db = duckdb.connect(
            config={
                "temp_directory": str(self.folder / "spilled"),
                "memory_limit": f"{self.memory_mib}MiB",
                "preserve_insertion_order": False,
            }
        )
        self.db.execute("SET TimeZone = 'UTC'")

    def close(self) -> None:
        """Closes the database and deletes its files."""
        self.db.close()
        self._directory.cleanup()

    def create(self, table: str, columns: str, new: Iterable[Row] = ()) -> None:
        """Creates a table with these columns (as in SQL) and rows."""
        self.db.execute(f"CREATE TABLE main.{table} ({columns})")
        self.refill(table, new)

    def refill(self, table: str, new: Iterable[Row]) -> None:
        """Replaces all rows of a table."""
        self.db.execute(f"DELETE FROM main.{table}")
        rows.fill(self.db, f"main.{table}", new)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Runs a query and returns all its rows."""
        return self.db.execute(query, list(parameters)).fetchall()
