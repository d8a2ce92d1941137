"""Computes how far each visitor's attempts got in a funnel, by the definition that a day pinned."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from daybook.recount.replay.rows import fill as fill_table
from daybook.recount.replay.rows import streamed


class Entry(NamedTuple):
    """A visitor's entry into a step; `ms` since 1970, day and hour in the fleet's zone."""

    step: str
    ms: int
    day: str
    hour: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the day and hour of its first event, and the steps it reached."""

    day: str
    hour: str
    steps: frozenset[str]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A funnel's definition.

    `places`: the index of each step from 0, the first one if a step is named twice. `needed`: the
    places of steps that are not optional. `before`: by place, the places that it may follow.
    """

    places: dict[str, int]
    needed: frozenset[int]
    before: tuple[tuple[int, ...], ...]
    order: str
    exclusions: frozenset[str]
    window_ms: int


@lru_cache(maxsize=10_000)
def parse(text: str) -> Definition:
    """A definition from its canonical text (`daybook.recount.log.definitions.as_text`)."""
    rules = json.loads(text)
    steps = [s["step_id"] for s in rules["steps"]]
    optional = [s["optional"] for s in rules["steps"]]
    numbers = range(len(steps))
    return Definition(
        {step: steps.index(step) for step in steps},
        frozenset(k for k in numbers if not optional[k]),
        tuple(tuple(j for j in range(k) if all(optional[j + 1 : k])) for k in numbers),
        rules["order"],
        frozenset(rules["exclusions"]),
        rules["window_ms"],
    )


def attempts(
    definition: Definition, entries: Sequence[Entry], days: Sequence[str]
) -> Iterator[Attempt]:
    """The attempts of these days, which go by this definition, from all entries of the visitor."""
    last = len(definition.places)
    ranked = sorted(entries, key=lambda e: (e.ms, definition.places.get(e.step, last)))
    if definition.order == "any":
        begins, reached = _in_any_order(definition, ranked)
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


def _in_any_order(
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
    """Each day's first entry of step 1, and the places reached by chains that began on the day."""
    # By place, the entry of step 1 at which the chain to that place began.
    starts: dict[int, Entry] = {}
    begins: dict[str, Entry] = {}
    reached: dict[str, set[int]] = {}
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
    """Adds the amounts of all attempts in the view `attempt_histories` to the table `amounts`."""
    sums: Counter[tuple[str, str | None, str, str, str, int]] = Counter()
    for funnel, sign, tag, definition, days, *columns in streamed(db, "FROM attempt_histories"):
        entries = list(map(Entry, *columns))
        for attempt in attempts(parse(definition), entries, days):
            at = attempt.day, attempt.hour
            sums[funnel, None, *at, "attempts", tag] += sign
            if attempt.is_complete:
                sums[funnel, None, *at, "completions", tag] += sign
            for step in attempt.steps:
                sums[funnel, step, *at, "reached", tag] += sign
    db.execute(
        "CREATE OR REPLACE TEMP TABLE attempt_amounts (funnel VARCHAR, step VARCHAR, day VARCHAR, "
        "hour VARCHAR, field VARCHAR, tag BIGINT, amount BIGINT)"
    )
    fill_table(db, "attempt_amounts", [(*where, amount) for where, amount in sums.items()])
    db.execute(
        """
        INSERT INTO amounts
        SELECT
            if(step IS NULL, 'analytics_funnel', 'analytics_funnel_step'),
            if(step IS NULL, funnel, step_document(funnel, step)),
            day, hour, field, NULL, tag, amount
        FROM attempt_amounts
        """
    )
