"""Inserts rows from Python into a DuckDB table."""

from collections.abc import Iterable, Sequence
from typing import Any

from duckdb import DuckDBPyConnection


def fill(db: DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Appends rows to a table; each row has a value for every column."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        holders = ", ".join("unnest(?)" for _ in columns)
        db.execute(f"INSERT INTO {table} SELECT {holders}", columns)
