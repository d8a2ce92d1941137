"""Works out from people's facts who is a member of which version of a segment."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from daybook.recount.replay import rows
from daybook.recount.replay.tables import Tables
from daybook.recount.segment.conditions import TABLES, fill_runs
from daybook.recount.segment.days import days
from daybook.recount.segment.definitions import Version, encoded

_FACTS = ("events", "attributes", "orders", "refunds", "products", "changes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=740)
EXPECTED_ROWS = "number INTEGER, person VARCHAR, since BIGINT, until BIGINT"


def fill_expected_rows(
    tables: Tables, versions: Sequence[Version], zone: str, people_at_once: int
) -> None:
    """Fills `expected_rows`, as of each person's moment in `as_of`: the newest run that had begun.
    `number` is that of the version in `versions`."""
    db = tables.db
    db.execute(f"CREATE OR REPLACE TABLE main.expected_rows ({EXPECTED_ROWS})")
    [(first, last)] = tables.rows(
        "SELECT min(ms), max(ms) FROM (SELECT ms FROM main.facts_events "
        "UNION ALL SELECT paid_ms FROM main.facts_orders "
        "UNION ALL SELECT first_seen FROM main.expected_profiles)"
    )
    if first is None:
        return
    [(until,)] = tables.rows("SELECT max(t) FROM main.as_of")
    runner = db.cursor()
    runner.execute("CREATE SCHEMA IF NOT EXISTS members; SET search_path = 'members,main'")
    runner.execute(TABLES)
    first_day = (_EPOCH + timedelta(milliseconds=first) - _LONGEST).date()
    last_day = (_EPOCH + timedelta(milliseconds=max(last, until)) + _LONGEST).date()
    rows.fill(runner, "members.days", days(zone, first_day, last_day))
    for organization in sorted({version.organization for version in versions}):
        own = [(n, v) for n, v in enumerate(versions) if v.organization == organization]
        prefix = f"{encoded(organization)}:"
        [(people,)] = tables.rows(
            "SELECT count(*) FROM main.expected_profiles WHERE starts_with(person, ?)", [prefix]
        )
        slices = 1 + people // people_at_once
        for slice_ in range(slices):
            where = f"starts_with(person, $prefix) AND hash(person) % {slices} = {slice_}"
            for name in _FACTS:
                runner.execute(
                    f"CREATE OR REPLACE TABLE members.{name} AS "
                    f"FROM main.facts_{name} WHERE {where}",
                    {"prefix": prefix},
                )
            runner.execute(
                "CREATE OR REPLACE TABLE members.people AS SELECT person, first_seen "
                f"FROM main.expected_profiles WHERE first_seen IS NOT NULL AND {where}",
                {"prefix": prefix},
            )
            for number, version in own:
                fill_runs(runner, version.resolved, until)
                runner.execute(f"""
                    INSERT INTO main.expected_rows
                    SELECT {number}, person, since, if(ended_at <= t, ended_at, NULL)
                    FROM members.runs JOIN main.as_of USING (person)
                    WHERE since <= t
                    QUALIFY row_number() OVER (PARTITION BY person ORDER BY since DESC) = 1
                """)
    runner.execute("DROP SCHEMA members CASCADE")
    runner.close()
