"""Holds the log in DuckDB and runs a group's rules over it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, starmap
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from daybook.recount.days import Days
from daybook.recount.log.messages import COLUMNS, Columns
from daybook.recount.recounted import Key, Marks, Name, Recounted
from daybook.recount.replay.model import Field, Model
from daybook.recount.replay.places import Places
from daybook.recount.replay.tables import Tables
from daybook.recount.replay.zone import offsets
from daybook.recount.settings import Settings

CUTS = "collection VARCHAR, document VARCHAR, topic_id VARCHAR, partition INTEGER, last BIGINT"
DEFINITIONS = (
    'reference VARCHAR, partition INTEGER, "offset" BIGINT, appended_ms BIGINT, '
    "event_id VARCHAR, funnel VARCHAR, definition VARCHAR"
)
PINS = (
    'owner VARCHAR, funnel VARCHAR, day VARCHAR, partition INTEGER, "offset" BIGINT, '
    "reference VARCHAR, definition VARCHAR"
)

_SHARED_RULES = Path(__file__).parent / "events.sql"
_MESSAGES_AT_ONCE = 200_000
_ROWS_AT_ONCE = 20_000
_NAMES = """
    SELECT e.collection, e.document, path, max(name)
    FROM names AS e
    LEFT JOIN reach AS r ON e.topic_id = r.topic_id AND e.partition = r.partition
    LEFT JOIN cuts AS c ON e.collection = c.collection AND e.document = c.document
        AND e.topic_id = c.topic_id AND e.partition = c.partition
    WHERE "offset" <= greatest(r.last, c.last)
    GROUP BY ALL
"""
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

Stage = Path | Callable[[duckdb.DuckDBPyConnection], None]
"""A SQL file, or a function that reads tables and fills others."""
DocumentBuilder = Callable[[str, Sequence[str]], dict[str, Any]]
"""Builds a state document from its `_id` and the JSON that the rules give, in one or more rows."""


def parse_document(document: str, rows: Sequence[str]) -> dict[str, Any]:
    """A DocumentBuilder for rules that give the document in a single row of JSON."""
    [text] = rows
    state: dict[str, Any] = json.loads(text)
    return state


class Replay:
    """A DuckDB database: `add` appends messages, `run` applies the rules to all of them.

    `limit` sets how far to count; `documents`, `states` and `sketch_keys` give the results.
    """

    def __init__(
        self,
        rules: Sequence[Path],
        settings: Settings,
        stages: Sequence[Stage] = (),
        whole_documents: Mapping[str, DocumentBuilder] | None = None,
    ) -> None:
        """`stages` run after the rules, for what depends on how far to count. `whole_documents`:
        builders by collection of states; `parse_document` is the default."""
        self._tables = Tables()
        self._db, self._rows = self._tables.db, self._tables.rows
        self.places = Places(self._rows)
        self._rules = rules
        self._stages = stages
        self._whole_documents = whole_documents or {}
        self._pending: list[str] = []
        self._pending_messages = 0
        self.messages = 0
        self._excluded = 0
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        create = self._tables.create
        create("log", f"topic_id VARCHAR, {columns}")
        create("zone_offsets", "since TIMESTAMP, shift INTERVAL", offsets(settings.zone))
        create(
            "settings",
            "duplicate_window BIGINT, order_waiting_max BIGINT",
            [(settings.duplicate_window, settings.order_waiting_max)],
        )
        create("leader_roles", "role VARCHAR", [(role,) for role in settings.leader_roles])
        create("dead", 'partition INTEGER, "offset" BIGINT')
        create("reach", "topic_id VARCHAR, partition INTEGER, last BIGINT")
        create("cuts", CUTS)
        create("definitions", DEFINITIONS)
        create("pins", PINS)
        create("chosen", "document VARCHAR")

    def __enter__(self) -> "Replay":
        return self

    def __exit__(self, *_: object) -> None:
        self._tables.close()

    def add(self, topic_id: str, columns: Columns) -> None:
        """Appends messages of one topic; the next `run` sees them."""
        number = len(columns["offset"])
        if number:
            self._pending.append(_encode(columns))
        self._pending_messages += number
        self.messages += number
        if self._pending_messages >= _MESSAGES_AT_ONCE:
            self._flush(topic_id)

    def exclude_dead(self, dead: Mapping[int, frozenset[int]]) -> None:
        """Removes messages that became dead letters since they were read; `dead` by partition."""
        positions = [(number, offset) for number, offsets in dead.items() for offset in offsets]
        self._tables.refill("dead", positions)
        deleted = self._rows(
            'DELETE FROM main.log WHERE (partition, "offset") IN (SELECT (partition, "offset") '
            "FROM main.dead)"
        )
        self._excluded += deleted[0][0]

    def run(self, topic_id: str) -> None:
        """Replays the whole log with the shared rules and those of the group."""
        self._flush(topic_id)
        self._db.execute("DROP SCHEMA IF EXISTS replay CASCADE")
        self._db.execute("CREATE SCHEMA replay")
        self._db.execute("SET search_path = 'replay,main'")
        for path in (_SHARED_RULES, *self._rules):
            self._db.execute(path.read_text())

    def models(self) -> dict[str, Model]:
        """The models of the group's collections, as the rules declare them."""
        models: dict[str, Model] = {}
        keys: dict[str, list[str]] = dict(self._rows("SELECT collection, key FROM measured"))
        for collection, name, *rest in self._rows(
            "SELECT collection, field, kind, part, whole, since FROM fields"
        ):
            key = keys.get(collection)
            model = models.setdefault(
                collection, Model(collection, {}, tuple(key or ()), is_measured=key is not None)
            )
            model.fields[name] = Field(name, *rest)
        return models

    def define(self, definitions: Iterable[Sequence[object]]) -> None:
        """Sets all known definitions of funnels, as rows of DEFINITIONS."""
        self._tables.refill("definitions", list(map(tuple, definitions)))

    def pin(self, pins: Iterable[Sequence[object]]) -> None:
        """Sets the pins that the states have recorded, as rows of PINS."""
        self._tables.refill("pins", list(map(tuple, pins)))

    def limit(self, reach: Marks, cuts: Iterable[tuple[Name, Marks]] = ()) -> None:
        """Sets how far to count: up to `reach`, and further for documents with later `cuts`."""
        self._tables.refill("reach", [(*position, last) for position, last in reach.items()])
        self._tables.refill(
            "cuts",
            [
                (*name, *position, last)
                for name, marks in cuts
                for position, last in marks.items()
                if last > reach.get(position, -1)
            ],
        )

    def documents(self, days: Days) -> dict[Name, Recounted]:
        """Runs the stages; every document with an effect within the limits, and its sums."""
        for stage in self._stages:
            if isinstance(stage, Path):
                self._db.execute(stage.read_text())
            else:
                stage(self._db)
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE within AS
            SELECT
                e.collection, e.document, path, e.topic_id, e.partition,
                sum(amount) AS amount, min("offset") AS first, max("offset") AS last
            FROM effects AS e
            LEFT JOIN reach AS r ON e.topic_id = r.topic_id AND e.partition = r.partition
            LEFT JOIN cuts AS c ON e.collection = c.collection AND e.document = c.document
                AND e.topic_id = c.topic_id AND e.partition = c.partition
            WHERE "offset" <= greatest(r.last, c.last)
                AND right(e.document, 10) BETWEEN ? AND ?
            GROUP BY ALL
            """,
            [days.first or "", days.last or "~"],
        )
        documents: dict[Name, Recounted] = {}
        for collection, document, path, amount in self._rows(
            "SELECT collection, document, path, sum(amount) FROM within GROUP BY ALL"
        ):
            recounted = documents.setdefault((collection, document), Recounted())
            recounted.sums[path] = int(amount)
        for collection, document, path, name in self._rows(_NAMES):
            if named := documents.get((collection, document)):
                named.sums[path] = name
        for collection, document, topic_id, partition, first, last in self._rows(
            "SELECT collection, document, topic_id, partition, min(first), max(last) "
            "FROM within GROUP BY ALL"
        ):
            documents[collection, document].spans[topic_id, partition] = first, last
        return documents

    def states(
        self, collection: str, only: Sequence[str] | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The state documents within the limits (all, or `only` these), in the order of their ids.

        States that depend on `stages` are up to date only after `documents`.
        """
        build = self._whole_documents.get(collection, parse_document)
        self._tables.refill("chosen", [(document,) for document in only or ()])
        where = "" if only is None else "WHERE document IN (SELECT document FROM chosen)"
        rows = self._streamed(
            f"SELECT document, state FROM {collection} {where} ORDER BY document, nth"
        )
        for document, own_rows in groupby(rows, key=itemgetter(0)):
            yield document, build(document, [text for _, text in own_rows])

    def sketch_keys(self, days: Days) -> Iterator[Key]:
        """The keys of every sketch whose period is within the days, by sketch; valid after
        `documents`."""
        keys = self._streamed(
            "SELECT name, owner, topic_id, partition, is_due FROM sketched "
            "WHERE period BETWEEN ? AND ? ORDER BY name",
            [days.first or "", days.last or "~"],
        )
        yield from starmap(Key, keys)

    def unreadable(self) -> list[tuple[int, int, str]]:
        """Partition, offset and reason of events that cannot be counted and are no dead letters."""
        rows = self._rows('SELECT partition, "offset", reason FROM unreadable ORDER BY ALL')
        return [(partition, offset, reason) for partition, offset, reason in rows]

    def _streamed(self, query: str, parameters: Sequence[object] = ()) -> Iterator[Any]:
        """Rows from a separate cursor, so that other queries can run meanwhile."""
        cursor = self._db.cursor()
        cursor.execute("SET search_path = 'replay,main'")
        cursor.execute(query, list(parameters))
        while batch := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from batch

    def _flush(self, topic_id: str) -> None:
        if not self._pending:
            return
        self._tables.append("log", topic_id, COLUMNS, self._pending)
        self._pending, self._pending_messages = [], 0
        stored = self._rows("SELECT count(*) FROM main.log")[0][0]
        added = self.messages - self._excluded
        if stored != added:
            raise RuntimeError(f"{added} messages were added, but the table has {stored}")
