"""Computes which entries pin no definition to their day, for lack of room in the visitor's pins."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from daybook.recount.replay.rows import fill as fill_table
from daybook.recount.replay.rows import streamed

BYTES_MAX = 300_000

# A definition has at most 200 bytes and six times its text; its own size is computed later.
_ENTRIES_OF_SUSPECTS = f"""
    WITH versions AS (
        SELECT funnel, sum(200 + 6 * strlen(definition)) AS size FROM in_force GROUP BY funnel
    ),
    suspects AS (
        SELECT who
        FROM (
            SELECT who, place, count(DISTINCT (day, round)) AS days FROM pinnable GROUP BY ALL
        )
        JOIN funnels USING (place) JOIN versions USING (funnel)
        GROUP BY who
        HAVING sum(days * (200 + 3 * strlen(funnel_id)) + size) > {BYTES_MAX}
    )
    SELECT who, n, place, day, p.until, strlen(funnel_id), reference, definition
    FROM (FROM pinnable SEMI JOIN suspects USING (who) JOIN funnels USING (place)) AS p
    ASOF LEFT JOIN in_force AS d
        ON p.funnel = d.funnel AND p.appended_ms >= d.appended_ms
    ORDER BY who, n
"""


class Entry(NamedTuple):
    """A remembered entry, until message `until`; `reference` is that of the definition in force."""

    n: int
    place: int
    day: str
    until: int
    funnel_bytes: int
    reference: str | None
    definition: str | None


def fill(db: DuckDBPyConnection) -> None:
    """Fills the table `unpinned`."""
    db.execute("CREATE OR REPLACE TABLE unpinned (who BIGINT, n BIGINT)")
    rows = [
        (who, n)
        for who, entries in groupby(_entries(db), key=itemgetter(0))
        for n in unpinned(entry for _, entry in entries)
    ]
    fill_table(db, "unpinned", rows)


def unpinned(entries: Iterable[Entry]) -> Iterator[int]:
    """The entries of a visitor, in order, that would pin a definition if it had room."""
    # By funnel and day: until when an entry is remembered, and what was pinned.
    until: dict[tuple[int, str], int] = {}
    pins: dict[tuple[int, str], tuple[int, str, str]] = {}
    for entry in entries:
        for day in [day for day, last in until.items() if last <= entry.n]:
            del until[day]
            pins.pop(day, None)
        today = entry.place, entry.day
        until[today] = max(until.get(today, 0), entry.until)
        if today in pins or entry.reference is None or entry.definition is None:
            continue
        pin = 200 + 3 * entry.funnel_bytes, entry.reference, entry.definition
        wanted = [*pins.values(), pin]
        definitions = {reference: text for _, reference, text in wanted}
        size = sum(one for one, _, _ in wanted) + sum(map(_size, definitions.values()))
        if size <= BYTES_MAX:
            pins[today] = pin
        else:
            yield entry.n


@lru_cache(10_000)
def _size(text: str) -> int:
    rules = json.loads(text)
    names = [(40, step["step_id"]) for step in rules["steps"]]
    names += [(16, step) for step in rules["exclusions"]]
    return 200 + sum(more + len(name.encode()) for more, name in names)


def _entries(db: DuckDBPyConnection) -> Iterator[tuple[int, Entry]]:
    return ((row[0], Entry(*row[1:])) for row in streamed(db, _ENTRIES_OF_SUSPECTS))
