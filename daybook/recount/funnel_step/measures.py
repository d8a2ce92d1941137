"""Measures the units, some at a time, so that what is measured fits into memory."""

from pathlib import Path

from duckdb import DuckDBPyConnection

from daybook.recount.funnel_step import attempts

_HERE = Path(__file__).parent
EVENTS_AT_ONCE = 200_000
"""The events of the units in a batch; a visitor with thousands of sessions has thousands of units,
each with all events that are remembered then."""

_FILES = ("measured.sql", "funnels.sql", "steps.sql", "people.sql", "attempts.sql")


def fill(db: DuckDBPyConnection) -> None:
    """Adds the amounts of all units in the table `all_units` to the table `amounts`."""
    statements = [(_HERE / name).read_text() for name in _FILES]
    db.execute(
        "CREATE OR REPLACE TABLE batches AS SELECT unit, sum(size) OVER (ORDER BY unit) // "
        f"{EVENTS_AT_ONCE} AS batch FROM all_units"
    )
    for (batch,) in db.execute("SELECT DISTINCT batch FROM batches ORDER BY batch").fetchall():
        db.execute(
            "CREATE OR REPLACE TABLE units_in_hand AS SELECT unit FROM batches WHERE batch = ?",
            [batch],
        )
        for statement in statements:
            db.execute(statement)
        attempts.fill(db)
