"""The log of segments in DuckDB, and what it says about people and their memberships."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from daybook.recount.replay import rows
from daybook.recount.replay.log_table import LogTable
from daybook.recount.replay.rules import Rules
from daybook.recount.replay.runner import Runner
from daybook.recount.replay.tables import Tables
from daybook.recount.replay.zone import offsets
from daybook.recount.segment import stored
from daybook.recount.segment.definitions import Version, encoded
from daybook.recount.segment.group import RULES
from daybook.recount.segment.memberships import fill_expected_rows
from daybook.recount.segment.shards import shard_of
from daybook.recount.segment.stored import Clock, Progress
from daybook.recount.settings import Settings

_SLICES_PER_MEMORY = 24
_PEOPLE_AT_ONCE = 50_000
_FACTS = Path(__file__).with_name("facts.sql")
_COMPARED = Path(__file__).with_name("compare.sql")
_COLLECTED = {
    "did": "person VARCHAR, kinds VARCHAR[], ms BIGINT",
    "attributes": "person VARCHAR, name VARCHAR, ms BIGINT, value VARCHAR",
    "changes": "person VARCHAR, what VARCHAR, ms BIGINT",
    "paid": "person VARCHAR, key_id VARCHAR, paid_ms BIGINT, currency VARCHAR, cents BIGINT, "
    "refunds BIGINT[][], products VARCHAR[], version BIGINT",
    "joins": "visitor VARCHAR, person VARCHAR",
    "concerned": "person VARCHAR, appended_ms BIGINT",
    "unreadable": 'partition INTEGER, "offset" BIGINT, reason VARCHAR',
}
"""What the rules find in a slice of the log, collected for all of it."""
_OF_PEOPLE = {
    "expected_profiles": "person VARCHAR, facts VARCHAR, first_seen BIGINT, is_cut BOOLEAN",
    "facts_events": "person VARCHAR, kind VARCHAR, ms BIGINT",
    "facts_attributes": "person VARCHAR, name VARCHAR, ms BIGINT, value VARCHAR",
    "facts_orders": "person VARCHAR, id VARCHAR, paid_ms BIGINT, currency VARCHAR, cents BIGINT",
    "facts_refunds": "person VARCHAR, id VARCHAR, ms BIGINT, cents BIGINT",
    "facts_products": "person VARCHAR, id VARCHAR, product VARCHAR",
    "facts_changes": "person VARCHAR, what VARCHAR, ms BIGINT",
}
_OWNED = {
    "did": "did_by",
    "attributes": "attributes_of",
    "changes": "changes_of",
    "paid": "paid_by",
    "concerned": "concerned_with",
}
"""Of what was collected: the views in which a visitor's is the user's who has taken it over."""
_OWNED_BY = """
    CREATE OR REPLACE VIEW main.{view} AS
        SELECT coalesce(j.person, f.person) AS person, f.* EXCLUDE (person)
        FROM main.{table} AS f LEFT JOIN main.joins AS j ON j.visitor = f.person;
"""
_PEOPLE = """
    CREATE OR REPLACE VIEW main.profiles AS
        SELECT person FROM main.concerned UNION SELECT person FROM main.joins;
    CREATE OR REPLACE VIEW main.last_about AS
        SELECT person, max(appended_ms) AS appended_ms FROM main.concerned_with GROUP BY ALL;
"""


class SegmentReplay:
    """Tables of messages, each in a place, the number of a partition of one of several topics; and
    tables of what they come to. `db` is the connection."""

    def __init__(self, tables: Tables, settings: Settings, report_progress: Progress) -> None:
        self.tables = tables
        self.db = tables.db
        self.report_progress = report_progress
        self._settings = settings
        self._is_limited = False
        self.log = LogTable(tables, 1)
        create = tables.create
        create("zone_offsets", "since TIMESTAMP, shift_seconds BIGINT", offsets(settings.zone))
        create("settings", "duplicate_window BIGINT", [(settings.duplicate_window,)])
        create("reach", "partition INTEGER, next BIGINT")
        for name, columns in (_COLLECTED | _OF_PEOPLE).items():
            create(name, columns)
        create("clocks", "shard INTEGER, clock BIGINT, done BIGINT")
        create("touched", "person VARCHAR")
        create("suspects", "person VARCHAR")
        create(
            "versions",
            "number INTEGER, id VARCHAR, segment VARCHAR, version INTEGER, "
            '"offset" BIGINT, ended BIGINT, ended_ms BIGINT',
        )
        for table, view in _OWNED.items():
            self.db.execute(_OWNED_BY.format(view=view, table=table))
        self.db.execute(_PEOPLE)
        stored.create_tables(tables)
        self.log.complete()
        self._runner = Runner(tables, Rules((RULES,)), 0)

    def recount(
        self,
        reach: Mapping[int, int],
        clocks: Mapping[int, Clock],
        versions: Sequence[Version],
        only: Collection[str] | None = None,
    ) -> None:
        """Fills the tables from the log: `reach` has, of the places that count, the offset below
        which messages do. `only`: of these people, if it is given."""
        self.tables.refill("suspects", ((person,) for person in only or ()))
        self._is_limited = only is not None
        self._collect(reach)
        self._find_touched(reach)
        self._fill_facts()
        self._fill_clocks(clocks)
        self.tables.refill(
            "versions",
            (
                (number, one.id, one.segment, one.number, one.offset, one.ended, one.ended_ms)
                for number, one in enumerate(versions)
            ),
        )
        fill_expected_rows(
            self.tables,
            versions,
            self._settings.zone,
            _PEOPLE_AT_ONCE,
            partial(self.report_progress, "recounting members"),
        )

    def numbers(self) -> tuple[int, int]:
        """Of people, and of rows, that are stored or that the log gives."""
        [(people,)] = self.tables.rows(
            "SELECT count(*) FROM (SELECT person FROM main.expected_profiles "
            "UNION SELECT person FROM main.stored_profiles)"
        )
        [(members,)] = self.tables.rows("SELECT count(*) FROM main.stored_rows")
        return people, members

    def unreadable(self) -> list[tuple[int, int, str]]:
        """The place and offset of messages that cannot be counted, and why."""
        found = self.tables.rows('SELECT partition, "offset", reason FROM main.unreadable')
        return [(place, offset, reason) for place, offset, reason in found]

    def told_since(self, version: Version, since_ms: int) -> tuple[int, int]:
        """How often somebody entered or left a version by changes appended since."""
        [(entered, left)] = self.tables.rows(
            "SELECT count(*) FILTER (is_entered), count(*) FILTER (NOT is_entered) FROM main.told "
            "WHERE segment = ? AND version = ? AND appended_ms >= ? AND starts_with(person, ?)",
            [version.segment, version.number, since_ms, f"{encoded(version.organization)}:"],
        )
        return entered, left

    def prepare(self) -> None:
        """Fills the tables that a comparison reads."""
        self._runner.take_up("", "(FROM main.log LIMIT 0)")
        self._runner.db.execute(_COMPARED.read_text())
        self._runner.leave()

    def _collect(self, reach: Mapping[int, int]) -> None:
        """Runs the rules over the log below `reach`."""
        self.tables.refill("reach", reach.items())
        for name in _COLLECTED:
            self.db.execute(f"DELETE FROM main.{name}")
        self.log.complete()
        slices = self.log.slices((self.tables.memory_mib << 20) // _SLICES_PER_MEMORY)
        for done, one in enumerate(slices):
            self.report_progress("recounting", done, len(slices))
            self._runner.take_up("", one.source)
            for name, columns in _COLLECTED.items():
                names = ", ".join(column.split()[0] for column in columns.split(", "))
                query = f"SELECT {names} FROM {name}"
                if name == "concerned":
                    query = f"SELECT person, max(appended_ms) FROM {name} GROUP BY person"
                self._runner.db.execute(f"INSERT INTO main.{name} {query}")
        self._runner.leave()

    def _find_touched(self, reach: Mapping[int, int]) -> None:
        """Finds everybody whom messages from `reach` on, as it is filled, concern, by all that the
        log says."""
        self.db.execute("DELETE FROM main.touched")
        # A table, because the rules read it while `reach` has other offsets.
        self.db.execute(
            "CREATE OR REPLACE TABLE main.late_keys AS SELECT DISTINCT message_key FROM main.log "
            'JOIN main.reach USING (partition) WHERE "offset" >= next'
        )
        if not self.tables.rows("SELECT 1 FROM main.late_keys LIMIT 1"):
            return
        self.tables.refill("reach", ((place, 2**62) for place in reach))
        self._runner.take_up("", "(FROM main.log SEMI JOIN main.late_keys USING (message_key))")
        self.tables.refill("reach", reach.items())
        self._runner.db.execute("""
            CREATE TEMP TABLE late AS
            SELECT DISTINCT person FROM concerned JOIN main.reach USING (partition)
            WHERE "offset" >= next;
            INSERT INTO main.touched
            FROM late
            UNION SELECT j.person FROM late JOIN joins AS j ON j.visitor = late.person
            UNION SELECT j.person FROM late JOIN main.joins AS j ON j.visitor = late.person
            UNION SELECT visitor FROM joins JOIN main.reach USING (partition)
            WHERE "offset" >= next;
            DROP TABLE late;
        """)
        self._runner.leave()

    def _fill_facts(self) -> None:
        for name in _OF_PEOPLE:
            self.db.execute(f"DELETE FROM main.{name}")
        [(people,)] = self.tables.rows("SELECT count(DISTINCT person) FROM main.profiles")
        slices = 1 + int(people) // _PEOPLE_AT_ONCE
        # For the macros that all rules share.
        self._runner.take_up("", "(FROM main.log LIMIT 0)")
        db = self._runner.db
        for number in range(slices):
            self.report_progress("recounting people", number, slices)
            wanted = " AND person IN (FROM main.suspects)" if self._is_limited else ""
            db.execute(
                "CREATE OR REPLACE TEMP MACRO in_slice(person) AS "
                f"hash(person) % {slices} = {number}{wanted}"
            )
            db.execute(_FACTS.read_text())
        self._runner.leave()

    def _fill_clocks(self, clocks: Mapping[int, Clock]) -> None:
        self.tables.refill(
            "clocks", ((shard, one.clock, one.done) for shard, one in clocks.items())
        )
        self.db.execute(
            "CREATE OR REPLACE TABLE main.shards AS "
            "SELECT person, own_shard AS shard FROM main.stored_profiles"
        )
        lost = self.tables.rows(
            "SELECT person FROM main.expected_profiles ANTI JOIN main.shards USING (person)"
        )
        rows.fill(self.db, "main.shards", ((person, shard_of(person)) for (person,) in lost))
        self.db.execute("""
            CREATE OR REPLACE TABLE main.as_of AS
            SELECT
                person, shard, done,
                greatest(clock, coalesce(try_cast(evaluated_to AS BIGINT), -1)) AS t
            FROM main.shards JOIN main.clocks USING (shard)
            LEFT JOIN main.stored_profiles USING (person)
        """)
