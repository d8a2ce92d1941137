"""What the rules found, slice by slice, kept in tables until it is compared."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from daybook.recount.compare.rows import DocumentBuilder, read
from daybook.recount.days import Days
from daybook.recount.recounted import Key, Name, Position, Recounted
from daybook.recount.replay.rows import streamed
from daybook.recount.replay.tables import Tables

_COLUMNS = {
    "found_sums": "collection VARCHAR, document VARCHAR, path VARCHAR, amount HUGEINT",
    "found_spans": "collection VARCHAR, document VARCHAR, topic_id VARCHAR, partition INTEGER, "
    '"first" BIGINT, "last" BIGINT',
    "found_names": "collection VARCHAR, document VARCHAR, path VARCHAR, name VARCHAR",
    "found_places": "collection VARCHAR, document VARCHAR, topic_id VARCHAR, partition INTEGER, "
    'epoch INTEGER, "first" BIGINT, "last" BIGINT, is_ahead BOOLEAN',
    "found_keys": "name VARCHAR, owner VARCHAR, topic_id VARCHAR, partition INTEGER, "
    "is_due BOOLEAN, period VARCHAR",
    "found_unreadable": 'partition INTEGER, "offset" BIGINT, reason VARCHAR',
}
_LIMITS = """
    LEFT JOIN reach AS r ON e.topic_id = r.topic_id AND e.partition = r.partition
    LEFT JOIN cuts AS c ON c.collection = {collection} AND c.document = e.document
        AND c.topic_id = e.topic_id AND c.partition = e.partition
"""
_SUMS = f"""
    INSERT INTO main.found_sums
    SELECT e.collection, e.document, path, sum(amount)
    FROM effects AS e {_LIMITS.format(collection="e.collection")}
    WHERE "offset" <= greatest(r.last, c.last)
    GROUP BY ALL
"""
_SPANS = f"""
    INSERT INTO main.found_spans
    SELECT e.collection, e.document, e.topic_id, e.partition, min("offset"), max("offset")
    FROM effects AS e {_LIMITS.format(collection="e.collection")}
    WHERE "offset" <= greatest(r.last, c.last)
    GROUP BY ALL
"""
_NAMES = f"""
    INSERT INTO main.found_names
    SELECT e.collection, e.document, path, max(name)
    FROM names AS e {_LIMITS.format(collection="e.collection")}
    WHERE "offset" <= greatest(r.last, c.last)
    GROUP BY ALL
"""
_KEYS = "INSERT INTO main.found_keys FROM sketched"
_UNREADABLE = 'INSERT INTO main.found_unreadable SELECT partition, "offset", reason FROM unreadable'
_PLACES = f"""
    INSERT INTO main.found_places
    SELECT
        $collection, e.document, e.topic_id, e.partition, epoch,
        min("offset") FILTER ("offset" <= greatest(r.last, c.last)),
        max("offset") FILTER ("offset" <= greatest(r.last, c.last)),
        bool_or(coalesce("offset" > greatest(r.last, c.last), true))
    FROM {{messages}} AS e {_LIMITS.format(collection="$collection")}
    GROUP BY ALL
"""


class Results:
    """The results of all slices. `take` adds those of one; the rest reads them."""

    def __init__(
        self, tables: Tables, whole_documents: Mapping[str, DocumentBuilder], parts: int
    ) -> None:
        """`whole_documents`: as in the group's rules; `parts`: as in LogTable."""
        self._tables = tables
        self.whole_documents = whole_documents
        self.parts = parts
        self._folder = tables.folder / "states"
        self._folder.mkdir()
        self._slices: set[int] = set()
        for table, columns in _COLUMNS.items():
            tables.create(table, columns)

    def clear(self) -> None:
        """Forgets all results."""
        for table in _COLUMNS:
            self._tables.db.execute(f"TRUNCATE main.{table}")
        self._slices.clear()

    def take(self, db: DuckDBPyConnection, number: int, *, with_states: bool) -> None:
        """Adds what the rules found in a runner's schema for the slice of this number; the
        documents that they give whole only if these are wanted."""
        for statement in (_SUMS, _SPANS, _NAMES, _KEYS, _UNREADABLE):
            db.execute(statement)
        for collection in self.whole_documents if with_states else ():
            named = {"collection": collection}
            messages = f"{collection}_messages"
            db.execute(_PLACES.format(messages=messages), named)
            # Lines of JSON; a text in it has no line break.
            db.execute(
                f"COPY (SELECT '[' || to_json(document) || ',' || state || ']' FROM {collection} "
                f"ORDER BY document, nth) TO '{self._path(collection, number)}' "
                "(FORMAT csv, HEADER false, DELIMITER '\x01', QUOTE '', ESCAPE '')"
            )
        if with_states:
            self._slices.add(number)

    def documents(self, days: Days) -> dict[Name, Recounted]:
        """Every daily document of these days with an effect within the limits, and its sums."""
        documents: dict[Name, Recounted] = {}
        rows = self._tables.rows
        within = "right(document, 10) BETWEEN ? AND ?"
        bounds = days.first or "", days.last or "~"
        for collection, document, path, amount in rows(
            "SELECT collection, document, path, sum(amount) FROM main.found_sums "
            f"WHERE {within} GROUP BY ALL",
            bounds,
        ):
            recounted = documents.setdefault((collection, document), Recounted())
            recounted.sums[path] = int(amount)
        for collection, document, path, name in rows(
            "SELECT collection, document, path, max(name) FROM main.found_names GROUP BY ALL"
        ):
            if named := documents.get((collection, document)):
                named.sums[path] = name
        for collection, document, topic_id, partition, first, last in rows(
            'SELECT collection, document, topic_id, partition, min("first"), max("last") '
            f"FROM main.found_spans WHERE {within} GROUP BY ALL",
            bounds,
        ):
            documents[collection, document].spans[topic_id, partition] = first, last
        return documents

    def states(self, collection: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The state documents within the limits, part by part, in the order of their ids."""
        for part in range(self.parts):
            yield from read(self.state_files(collection, part), self.whole_documents[collection])

    def state_files(self, collection: str, part: int) -> tuple[Path, ...]:
        """The files of the state documents within the limits whose keys are in this part."""
        numbers = sorted(n for n in self._slices if n % self.parts == part)
        return tuple(self._path(collection, number) for number in numbers)

    def _path(self, collection: str, number: int) -> Path:
        return self._folder / f"{collection}-{number}.json"

    def sketch_keys(self, days: Days) -> Iterator[Key]:
        """The keys of every sketch whose period is within the days, by sketch."""
        keys = streamed(
            self._tables.db,
            "SELECT name, owner, topic_id, partition, is_due FROM main.found_keys "
            "WHERE period BETWEEN ? AND ? ORDER BY name",
            [days.first or "", days.last or "~"],
        )
        yield from starmap(Key, keys)

    def unreadable(self) -> list[tuple[int, int, str]]:
        """Partition, offset and reason of events that cannot be counted and are no dead letters."""
        rows = self._tables.rows("FROM main.found_unreadable ORDER BY ALL")
        return [(partition, offset, reason) for partition, offset, reason in rows]

    def spans(
        self, collection: str, documents: Sequence[str]
    ) -> dict[str, dict[Position, tuple[int, int]]]:
        """By state document and partition, the first and last offset of its messages within the
        limits."""
        spans: dict[str, dict[Position, tuple[int, int]]] = {}
        for document, topic_id, partition, first, last in self._tables.rows(
            'SELECT document, topic_id, partition, min("first"), max("last") '
            "FROM main.found_places WHERE collection = ? AND document IN (SELECT unnest(?)) "
            'AND "first" IS NOT NULL GROUP BY ALL',
            [collection, list(documents)],
        ):
            spans.setdefault(document, {})[topic_id, partition] = first, last
        return spans

    def ahead(self, collection: str, documents: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """By state document, the home partitions of its messages beyond the limits."""
        homes: dict[str, list[dict[str, Any]]] = {}
        for document, topic_id, partition, epoch in self._tables.rows(
            "SELECT DISTINCT document, topic_id, partition, epoch FROM main.found_places "
            "WHERE collection = ? AND document IN (SELECT unnest(?)) AND is_ahead",
            [collection, list(documents)],
        ):
            home = {"topic_id": topic_id, "partition": partition, "epoch": epoch}
            homes.setdefault(document, []).append(home)
        return homes
