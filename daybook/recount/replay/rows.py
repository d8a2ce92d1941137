"""Reads rows of DuckDB's tables in Python, and appends rows to them.

These pass through a JSON file, the fastest way without another library: a list as a query's
parameter costs 1.5 ms a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from tempfile import NamedTemporaryFile
from typing import Any

from duckdb import DuckDBPyConnection

from daybook.recount.log.encoding import encode

Row = tuple[Any, ...]

_ROWS_AT_ONCE = 20_000


def streamed(
    db: DuckDBPyConnection, query: str, parameters: Sequence[object] = ()
) -> Iterator[Row]:
    """The rows of a query, from a connection of its own, so that `db` can be used meanwhile."""
    [(path,)] = db.execute("SELECT current_setting('search_path')").fetchall()
    with db.cursor() as cursor:
        cursor.execute(f"SET search_path = '{path}'")
        cursor.execute(query, list(parameters))
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from rows


def fill(db: DuckDBPyConnection, table: str, rows: Iterable[Row]) -> None:
    """Appends rows to a table; each row has a value for every column."""
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        columns = zip(_columns(db, table), zip(*some, strict=True), strict=True)
        append(db, table, [encode({name: values for name, values in columns})])


def append(db: DuckDBPyConnection, table: str, batches: Sequence[str]) -> None:
    """Appends rows to a table. `batches`: JSON objects, each a list of values for every column."""
    columns = _columns(db, table)
    values = ", ".join(f'unnest("{name}")' for name in columns)
    kinds = ", ".join(f"'{name}': '{kind}[]'" for name, kind in columns.items())
    with NamedTemporaryFile("w", prefix="daybook-recount-", suffix=".json") as file:
        file.write(f"[{','.join(batches)}]")
        file.flush()
        db.execute(
            f"INSERT INTO {table} SELECT {values} FROM read_json(?, format = 'array', "
            f"maximum_object_size = {max(map(len, batches)) + 1}, columns = {{{kinds}}})",
            [file.name],
        )


def _columns(db: DuckDBPyConnection, table: str) -> dict[str, str]:
    """The names of a table's columns, and their types."""
    return {name: str(kind) for name, kind, *_ in db.execute(f"FROM {table} LIMIT 0").description}
