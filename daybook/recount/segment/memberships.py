"""Works out from people's facts who is a member of which version of a segment."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from daybook.recount.replay import rows
from daybook.recount.replay.tables import Tables
from daybook.recount.segment.conditions import fill_runs
from daybook.recount.segment.days import days
from daybook.recount.segment.definitions import Version, encoded

_FACTS = ("events", "attributes", "orders", "refunds", "products", "changes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=740)
_RUNNERS = 2
"""Versions that are worked out at a time: DuckDB uses one core for few rows."""
_CREATE = """
    CREATE OR REPLACE TABLE main.expected_rows
        (number INTEGER, person VARCHAR, since BIGINT, until BIGINT);
    CREATE OR REPLACE TABLE main.ended_runs
        (number INTEGER, person VARCHAR, since BIGINT, until BIGINT);
    CREATE SCHEMA IF NOT EXISTS members;
    CREATE OR REPLACE TABLE members.days (number BIGINT, start BIGINT);
"""
# People are numbers here, which are joined faster than texts.
_NAMED = """
    CREATE OR REPLACE TABLE members.named AS
    SELECT row_number() OVER () AS number, person, first_seen, t
    FROM main.expected_profiles JOIN main.as_of USING (person)
    WHERE starts_with(person, $prefix) AND hash(person) % $slices = $slice;
"""
_PEOPLE = """
    CREATE OR REPLACE TABLE members.people AS
    SELECT number AS person, first_seen FROM members.named WHERE first_seen IS NOT NULL
"""


def fill_expected_rows(
    tables: Tables,
    versions: Sequence[Version],
    zone: str,
    people_at_once: int,
    report: Callable[[int, int], None],
) -> None:
    """Fills `expected_rows` of versions in force, as of each person's moment in `as_of`: the newest
    run that had begun; and `ended_runs` with all runs of the others. `number` is that of the
    version in `versions`."""
    db = tables.db
    db.execute(_CREATE)
    [(first, last)] = tables.rows(
        "SELECT min(ms), max(ms) FROM (SELECT ms FROM main.facts_events "
        "UNION ALL SELECT paid_ms FROM main.facts_orders UNION ALL SELECT t FROM main.as_of "
        "UNION ALL SELECT first_seen FROM main.expected_profiles)"
    )
    if first is None:
        return
    [(until,)] = tables.rows("SELECT max(t) FROM main.as_of")
    first_day, last_day = (
        (_EPOCH + timedelta(milliseconds=ms) + more).date()
        for ms, more in ((first, -_LONGEST), (last, _LONGEST))
    )
    rows.fill(db, "members.days", days(zone, first_day, last_day))
    runners = deque(db.cursor() for _ in range(_RUNNERS))
    for runner in runners:
        runner.execute("SET search_path = 'members,main'")

    def run(numbered: tuple[int, Version]) -> None:
        runner = runners.popleft()
        _fill_version(runner, *numbered, until)
        runners.append(runner)

    organizations = sorted({version.organization for version in versions})
    db.execute("SET threads = 1")
    with ThreadPoolExecutor(_RUNNERS) as threads:
        for done, organization in enumerate(organizations):
            report(done, len(organizations))
            own = [(n, v) for n, v in enumerate(versions) if v.organization == organization]
            prefix = f"{encoded(organization)}:"
            [(people,)] = tables.rows(
                "SELECT count(*) FROM main.expected_profiles WHERE starts_with(person, ?)", [prefix]
            )
            slices = 1 + people // people_at_once
            for number in range(slices):
                _take_people(db, {"prefix": prefix, "slices": slices, "slice": number})
                list(threads.map(run, own))
    db.execute("RESET threads")
    for runner in runners:
        runner.close()
    db.execute("DROP SCHEMA members CASCADE")


def _take_people(db: DuckDBPyConnection, slice_of: dict[str, object]) -> None:
    db.execute(_NAMED, slice_of)
    db.execute(_PEOPLE)
    for name in _FACTS:
        db.execute(
            f"CREATE OR REPLACE TABLE members.{name} AS SELECT n.number AS person, "
            f"f.* EXCLUDE (person) FROM main.facts_{name} AS f JOIN members.named AS n "
            "ON n.person = f.person"
        )


def _fill_version(db: DuckDBPyConnection, number: int, version: Version, until: int) -> None:
    fill_runs(db, version.resolved, until)
    if version.ended is not None:
        db.execute(
            f"INSERT INTO main.ended_runs SELECT {number}, n.person, since, ended_at "
            "FROM runs JOIN members.named AS n ON n.number = runs.person"
        )
        return
    db.execute(f"""
        INSERT INTO main.expected_rows
        SELECT {number}, n.person, since, if(ended_at <= t, ended_at, NULL)
        FROM runs JOIN members.named AS n ON n.number = runs.person
        WHERE since <= t
        QUALIFY row_number() OVER (PARTITION BY n.number ORDER BY since DESC) = 1
    """)
