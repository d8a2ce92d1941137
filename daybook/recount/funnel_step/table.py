"""Rows of Python's as a table of DuckDB's."""

from collections.abc import Iterable, Sequence
from typing import Any

from duckdb import DuckDBPyConnection


def fill(db: DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Adds rows to a table, a value for each of its columns."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        holders = ", ".join("unnest(?)" for _ in columns)
        db.execute(f"INSERT INTO {table} SELECT {holders}", columns)
