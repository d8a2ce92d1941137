"""The log in DuckDB: its messages, which of them are duplicates, and slices of its keys."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from daybook.recount.log.messages import COLUMNS, Rows
from daybook.recount.replay import rows
from daybook.recount.replay.tables import Tables

_OF_ALL_KEYS = Path(__file__).parent / "log.sql"
_MESSAGES_AT_ONCE = 20_000
_BYTES_AT_ONCE = 8_000_000
SLICE = "CAST('0x' || left(sha256(message_key), 8) AS UBIGINT) % {number}"
"""The slice of a key, as `part_of` in `daybook.recount.compare.parts` gives it."""
_ROWS_HELD = 10_000
"""Of messages that are being sorted into slices, in memory."""


class Slice(NamedTuple):
    """Some keys of the log, by number, and what to read in SQL for their messages."""

    number: int
    source: str


class LogTable:
    """The tables `log`, `duplicates` and `ends`, of one topic."""

    def __init__(self, tables: Tables, parts: int) -> None:
        """`parts`: the number of slices is a multiple of it, so each part has slices of its own."""
        self._tables = tables
        self._parts = parts
        self._folder = tables.folder / "log-0"
        self._cuts = 0
        self._pending: list[str] = []
        self._pending_messages = self._pending_bytes = 0
        self._bytes = 0
        self.messages = 0
        """The number of messages added so far."""
        self._excluded = 0
        self._is_complete = False
        self._slices: list[Slice] = []
        self._slice_bytes = 0
        tables.create("log", ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items()))
        tables.create("dead", 'partition INTEGER, "offset" BIGINT')

    def add(self, new: Rows) -> None:
        """Appends messages."""
        if not new.number:
            return
        self._pending.append(new.text)
        self._pending_messages += new.number
        self._pending_bytes += len(new.text)
        self.messages += new.number
        if self._pending_messages >= _MESSAGES_AT_ONCE or self._pending_bytes >= _BYTES_AT_ONCE:
            self._flush()

    def exclude_dead(self, dead: Mapping[int, frozenset[int]]) -> None:
        """Removes messages that became dead letters since they were read; `dead` by partition."""
        self._flush()
        positions = [(number, offset) for number, offsets in dead.items() for offset in offsets]
        self._tables.refill("dead", positions)
        deleted = self._tables.rows(
            'DELETE FROM main.log WHERE (partition, "offset") IN (SELECT (partition, "offset") '
            "FROM main.dead)"
        )
        if number := deleted[0][0]:
            self._excluded += number
            self._is_complete = False

    def complete(self) -> None:
        """Makes the tables hold everything that was added."""
        self._flush()
        if not self._is_complete:
            self._tables.db.execute(_OF_ALL_KEYS.read_text())
            self._slices = []
            self._is_complete = True

    def slices(self, bytes_max: int) -> list[Slice]:
        """The slices of the keys, of about so many bytes of JSON each; the largest come first.

        Several slices are in files, so that each message is read once.
        """
        if not self._slices or bytes_max != self._slice_bytes:
            self._slice_bytes = bytes_max
            per_part = max(1, ceil(self._bytes / bytes_max / self._parts))
            self._slices = self._cut(self._parts * per_part)
        return self._slices

    def _cut(self, number: int) -> list[Slice]:
        if number <= 1:
            return [Slice(0, "main.log")]
        # In a new folder, because DuckDB remembers what was in a file.
        rmtree(self._folder, ignore_errors=True)
        self._cuts += 1
        self._folder = self._tables.folder / f"log-{self._cuts}"
        self._tables.db.execute(f"SET partitioned_write_flush_threshold = {_ROWS_HELD}")
        self._tables.db.execute(
            f"COPY (SELECT *, {SLICE.format(number=number)} AS slice FROM main.log) "
            f"TO '{self._folder}' (FORMAT parquet, PARTITION_BY slice)"
        )
        sizes = {
            folder: sum(file.stat().st_size for file in folder.iterdir())
            for folder in self._folder.iterdir()
        }
        # A slice that takes long, begun last, would leave the other cores with nothing to do.
        return [
            Slice(
                int(folder.name.removeprefix("slice=")),
                f"read_parquet('{folder}/*', hive_partitioning = false)",
            )
            for folder in sorted(sizes, key=lambda folder: -sizes[folder])
        ]

    def _flush(self) -> None:
        if not self._pending:
            return
        rows.append(self._tables.db, "main.log", self._pending)
        self._is_complete = False
        self._bytes += self._pending_bytes
        self._pending, self._pending_messages, self._pending_bytes = [], 0, 0
        stored = self._tables.rows("SELECT count(*) FROM main.log")[0][0]
        added = self.messages - self._excluded
        if stored != added:
            raise RuntimeError(f"{added} messages were added, but the table has {stored}")
