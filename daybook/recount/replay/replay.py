"""Runs a group's rules over the log in DuckDB, some keys at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import duckdb

from daybook.recount.log.messages import Rows
from daybook.recount.recounted import Marks, Name
from daybook.recount.replay.log_table import LogTable, Slice
from daybook.recount.replay.model import Field, Model
from daybook.recount.replay.results import Results
from daybook.recount.replay.rows import Row
from daybook.recount.replay.rules import Rules
from daybook.recount.replay.runner import Runner
from daybook.recount.replay.tables import MEMORY_MIB, Tables
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

_RUNNERS = 2
"""DuckDB uses one core for a table of less than 122,880 rows, so two slices at a time use two. It
takes a third more processor time if threads of its own help with them."""
_FINER = 4
"""How much smaller slices are that are cut because memory has not sufficed."""
_SLICES_PER_MEMORY = 12
"""A slice of the log is this part of DuckDB's memory: the rules' tables are several times larger
than the messages that they come from."""


class Replay:
    """A DuckDB database: `add` appends messages, `limit` sets how far to count.

    `results` has what the rules find. The first use of it runs them, and so does the first after
    anything has changed.
    """

    def __init__(
        self,
        rules: Rules,
        settings: Settings,
        *,
        memory_mib: int = MEMORY_MIB,
        parts: int = 1,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """`memory_mib` bounds the memory of the process. `parts`: those of the keys, whose states
        are compared one by one. `report`: called with the number of slices that are done, and their
        total."""
        self.report = report
        self._topic_id = ""
        self._with_states = True
        self._is_done = False
        self._tables = Tables(memory_mib)
        self._slice_bytes = (self._tables.memory_mib << 20) // _SLICES_PER_MEMORY
        with ExitStack() as stack:
            stack.callback(self._tables.close)
            self._log = LogTable(self._tables, parts)
            self._results = Results(self._tables, rules.whole_documents, parts)
            self._create_tables(settings)
            self._log.complete()
            self._runners = [Runner(self._tables, rules, number) for number in range(_RUNNERS)]
            self.models = self._models()
            """The models of the group's collections, as the rules declare them."""
            stack.pop_all()

    def _create_tables(self, settings: Settings) -> None:
        create = self._tables.create
        create("zone_offsets", "since TIMESTAMP, shift_seconds BIGINT", offsets(settings.zone))
        create(
            "settings",
            "duplicate_window BIGINT, order_waiting_max BIGINT",
            [(settings.duplicate_window, settings.order_waiting_max)],
        )
        create("leader_roles", "role VARCHAR", [(role,) for role in settings.leader_roles])
        create("reach", "topic_id VARCHAR, partition INTEGER, last BIGINT")
        create("cuts", CUTS)
        create("definitions", DEFINITIONS)
        create("pins", PINS)
        create("suspects", "message_key VARCHAR")

    def __enter__(self) -> "Replay":
        return self

    def __exit__(self, *_: object) -> None:
        self._tables.close()

    @property
    def messages(self) -> int:
        """The number of messages added so far."""
        return self._log.messages

    def add(self, topic_id: str, messages: Rows) -> None:
        """Appends messages of one topic."""
        self._topic_id, self._is_done = topic_id, False
        self._log.add(messages)

    def exclude_dead(self, dead: Mapping[int, frozenset[int]]) -> None:
        """Removes messages that became dead letters since they were read; `dead` by partition."""
        self._is_done = False
        self._log.exclude_dead(dead)

    def define(self, definitions: Iterable[Sequence[object]]) -> None:
        """Sets all known definitions of funnels, as rows of DEFINITIONS."""
        self._is_done = False
        self._tables.refill("definitions", map(tuple, definitions))

    def pin(self, pins: Iterable[Sequence[object]]) -> None:
        """Sets the pins that the states have recorded, as rows of PINS."""
        self._is_done = False
        self._tables.refill("pins", map(tuple, pins))

    def limit(
        self, reach: Marks, cuts: Iterable[tuple[Name, Marks]] = (), *, with_states: bool = True
    ) -> None:
        """Sets how far to count: up to `reach`, and further for documents with later `cuts`; and
        whether the documents that the rules give whole are wanted."""
        self._is_done, self._with_states = False, with_states
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

    @property
    def results(self) -> Results:
        """What the rules find within the limits."""
        if not self._is_done:
            self._run()
            self._is_done = True
        return self._results

    def beyond(self, collection: str) -> list[Row]:
        """Messages beyond `reach` whose key also has messages in another partition, of the same
        epoch or a later one: document, topic id, partition, offset, epoch."""
        self._log.complete()
        suspects = self._tables.rows(_KEYS_IN_TWO_PARTITIONS.format(topic_id=self._topic_id))
        if not suspects:
            return []
        self._tables.refill("suspects", suspects)
        runner = self._runners[0]
        runner.take_up(
            self._topic_id, "(FROM main.log SEMI JOIN main.suspects USING (message_key))"
        )
        return runner.db.execute(_BEYOND.format(messages=f"{collection}_messages")).fetchall()

    def _run(self) -> None:
        self._log.complete()
        attempts = (
            (self._slice_bytes, self._runners),
            # A key may have more events than a slice should: it gets the memory for itself.
            (self._slice_bytes, self._runners[:1]),
            (self._slice_bytes // _FINER, self._runners[:1]),
        )
        for attempt, (slice_bytes, runners) in enumerate(attempts, start=1):
            try:
                self._run_slices(self._log.slices(slice_bytes), runners)
                break
            except duckdb.OutOfMemoryException:
                if attempt == len(attempts):
                    raise
                for runner in self._runners:
                    runner.leave()

    def _run_slices(self, slices: Sequence[Slice], runners: Sequence[Runner]) -> None:
        self._results.clear()
        self._tables.db.execute(f"SET threads = {_RUNNERS // len(runners)}")
        free = deque(runners)

        def run(keys: Slice) -> None:
            runner = free.popleft()
            runner.take_up(self._topic_id, keys.source)
            runner.measure()
            self._results.take(runner.db, keys.number, with_states=self._with_states)
            free.append(runner)

        with ThreadPoolExecutor(len(runners)) as threads:
            for done, _ in enumerate(threads.map(run, slices), start=1):
                self.report(done, len(slices))
        self._tables.db.execute("RESET threads")

    def _models(self) -> dict[str, Model]:
        db = self._runners[0].db
        self._runners[0].take_up("", "main.log")
        keys: dict[str, list[str]] = dict(
            db.execute("SELECT collection, key FROM measured").fetchall()
        )
        fields = db.execute("SELECT collection, field, kind, part, whole, since FROM fields")
        models: dict[str, Model] = {}
        for collection, name, *rest in fields.fetchall():
            key = keys.get(collection)
            model = models.setdefault(
                collection, Model(collection, {}, tuple(key or ()), is_measured=key is not None)
            )
            model.fields[name] = Field(name, *rest)
        return models


_KEYS_IN_TWO_PARTITIONS = """
    SELECT message_key
    FROM main.log AS l LEFT JOIN main.reach AS r
        ON r.topic_id = '{topic_id}' AND l.partition = r.partition
    GROUP BY message_key
    HAVING count(DISTINCT l.partition) > 1 AND bool_or("offset" > coalesce(last, -1))
"""
_BEYOND = """
    WITH places AS (
        SELECT document, epoch, topic_id, partition,
            max("offset") > any_value(coalesce(last, -1)) AS is_beyond
        FROM {messages} LEFT JOIN reach USING (topic_id, partition)
        GROUP BY ALL
    ),
    in_two_partitions AS (
        SELECT DISTINCT document
        FROM places AS a JOIN places AS b USING (document)
        WHERE a.is_beyond AND a.partition <> b.partition AND b.epoch >= a.epoch
    )
    SELECT document, topic_id, partition, "offset", epoch
    FROM {messages}
    SEMI JOIN in_two_partitions USING (document)
    LEFT JOIN reach USING (topic_id, partition)
    WHERE "offset" > coalesce(last, -1)
"""
