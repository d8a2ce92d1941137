"""Ordered attempts: how far into a funnel a person came, by the definition that each day pinned."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from daybook.recount.funnel_step.table import fill as fill_table

_HISTORIES_AT_ONCE = 10_000


class Entry(NamedTuple):
    step: str
    ms: int
    day: str
    hour: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """`day` and `hour` of its first event; `steps` reached."""

    day: str
    hour: str
    steps: frozenset[str]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """`places`: where a step stands, from 0; a step that is named twice stands where it is first.

    `before`: by place, the places from which one may come to it directly.
    """

    places: dict[str, int]
    needed: frozenset[int]
    before: tuple[tuple[int, ...], ...]
    order: str
    exclusions: frozenset[str]
    window_ms: int


@lru_cache(maxsize=10_000)
def read(text: str) -> Definition:
    told = json.loads(text)
    steps, optional = [s["step_id"] for s in told["steps"]], [s["optional"] for s in told["steps"]]
    numbers = range(len(steps))
    return Definition(
        {step: steps.index(step) for step in steps},
        frozenset(k for k in numbers if not optional[k]),
        tuple(tuple(j for j in range(k) if all(optional[j + 1 : k])) for k in numbers),
        told["order"],
        frozenset(told["exclusions"]),
        told["window_ms"],
    )


def attempts(
    definition: Definition, entries: Sequence[Entry], days: Sequence[str]
) -> Iterator[Attempt]:
    """The attempts of the days that are ruled by the definition, over all entries in order."""
    last = len(definition.places)
    ranked = sorted(entries, key=lambda e: (e.ms, definition.places.get(e.step, last)))
    if definition.order == "any":
        begins, reached = _any(definition, ranked)
    else:
        begins, reached = _chained(definition, ranked)
    steps = list(definition.places)
    for day in set(days) & begins.keys():
        places = reached.get(day, set())
        if definition.order == "any":
            is_complete = places >= definition.needed
        else:
            is_complete = max(definition.needed, default=-1) in places
        names = frozenset(step for step in steps if definition.places[step] in places)
        yield Attempt(day, begins[day].hour, names, is_complete)


def _any(
    definition: Definition, entries: list[Entry]
) -> tuple[dict[str, Entry], dict[str, set[int]]]:
    begins: dict[str, Entry] = {}
    reached: dict[str, set[int]] = {}
    for entry in entries:
        place = definition.places.get(entry.step)
        if place is None:
            continue
        begins.setdefault(entry.day, entry)
        for day, first in begins.items():
            if entry.ms - first.ms <= definition.window_ms:
                reached.setdefault(day, set()).add(place)
    return begins, reached


def _chained(
    definition: Definition, entries: list[Entry]
) -> tuple[dict[str, Entry], dict[str, set[int]]]:
    """`starts`: by place, the entry of step 1 at which the chain to it began."""
    begins: dict[str, Entry] = {}
    reached: dict[str, set[int]] = {}
    starts: dict[int, Entry] = {}
    directly_before: int | None = None
    for entry in entries:
        place = definition.places.get(entry.step)
        if place == 0:
            begins.setdefault(entry.day, entry)
        if entry.step in definition.exclusions:
            starts, directly_before = {}, None
            continue
        if place is None:
            continue
        if place == 0:
            start: Entry | None = entry
        else:
            start = None
            for j in definition.before[place]:
                known = starts.get(j)
                if known is None or entry.ms - known.ms > definition.window_ms:
                    continue
                if definition.order == "strict" and j != directly_before:
                    continue
                if start is None or known.ms > start.ms:
                    start = known
        directly_before = None
        if start is not None:
            starts[place] = start
            reached.setdefault(start.day, set()).add(place)
            directly_before = place
    return begins, reached


def fill(db: DuckDBPyConnection) -> None:
    """Adds what the attempts of the view `asked` come to to `amounts`."""
    sums: Counter[tuple[str, str | None, str, str, str, int]] = Counter()
    for funnel, sign, tag, definition, days, *columns in _asked(db):
        entries = list(map(Entry, *columns))
        for attempt in attempts(read(definition), entries, days):
            at = attempt.day, attempt.hour
            sums[funnel, None, *at, "attempts", tag] += sign
            if attempt.is_complete:
                sums[funnel, None, *at, "completions", tag] += sign
            for step in attempt.steps:
                sums[funnel, step, *at, "reached", tag] += sign
    db.execute(
        "CREATE OR REPLACE TEMP TABLE attempted (funnel VARCHAR, step VARCHAR, day VARCHAR, "
        "hour VARCHAR, field VARCHAR, tag BIGINT, amount BIGINT)"
    )
    fill_table(db, "attempted", [(*where, amount) for where, amount in sums.items()])
    db.execute(
        """
        INSERT INTO amounts
        SELECT
            if(step IS NULL, 'analytics_funnel', 'analytics_funnel_step'),
            if(step IS NULL, funnel, step_document(funnel, step)),
            day, hour, field, NULL, tag, amount
        FROM attempted
        """
    )


def _asked(db: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    cursor = db.cursor()
    cursor.execute("SET search_path = 'replay,main'")
    cursor.execute("FROM asked")
    while some := cursor.fetchmany(_HISTORIES_AT_ONCE):
        yield from some
