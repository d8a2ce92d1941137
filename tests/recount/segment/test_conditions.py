"""SQL that shares nothing with the matcher finds the same runs."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import duckdb
import pytest

from daybook.recount.segment.conditions import TABLES, fill_runs, runs
from daybook.recount.segment.days import days
from daybook.segments.filters.matcher import Matcher
from tests.segments.filters.person import Person, at
from tests.segments.filters.random_filters import ZONES, Draw
from tests.segments.filters.vectors import VECTORS, Vector
from tests.segments.filters.walk import changes

UNTIL = at("2029-01-01T00:00:00Z")
LONGEST = timedelta(days=800)
MARCH = date(2026, 3, 15)


@cache
def days_of(zone: str) -> list[tuple[int, int]]:
    return list(days(zone, MARCH - LONGEST, MARCH + 2 * LONGEST))


def database(people: Mapping[str, Person], zone: ZoneInfo) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(config={"threads": 1})
    db.execute(TABLES)
    # Thousands of rows as parameters would take most of the time.
    db.execute(f"INSERT INTO days VALUES {', '.join(map(str, days_of(zone.key)))}")
    rows: dict[str, list[tuple[Any, ...]]] = {}

    def add(table: str, *values: Any) -> None:
        rows.setdefault(table, []).append(values)

    for name, person in people.items():
        facts = person.profile
        add("people", name, facts["first_seen"])
        for kind, times in facts["events"].items():
            for time in times:
                add("events", name, unquote(kind), time)
        for attribute, values in facts["attributes"].items():
            for time, value in values:
                add("attributes", name, attribute, time, value)
        for order, paid in facts["orders"].items():
            add("orders", name, order, paid["paid_at"], paid["currency"], paid["cents"])
            for time, cents in paid["refunds"]:
                add("refunds", name, order, time, cents)
            for product in paid["products"]:
                add("products", name, order, product)
        for time, what in [*facts["consent"], *facts["account"]]:
            add("changes", name, what, time)
    for table, found in rows.items():
        columns = list(map(list, zip(*found, strict=True)))
        lists = ", ".join("unnest(?)" for _ in columns)
        db.execute(f"INSERT INTO {table} SELECT {lists}", columns)
    return db


def expected(filters: Any, people: Mapping[str, Person], zone: ZoneInfo) -> list[Any]:
    found = []
    for name, person in people.items():
        turns = list(changes(Matcher(filters, zone), person.profile, -1, UNTIL, was_in=False))
        turns_at = [turn.at for turn in turns]
        ends = [*turns_at[1::2], None]
        found += [(name, since, ends[n]) for n, since in enumerate(turns_at[::2])]
    return sorted(found)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_sql_finds_the_runs_of_each_vector(vector: Vector) -> None:
    db = database({"p": vector.person}, vector.zone)
    fill_runs(db, vector.filters, UNTIL)
    assert list(runs(db)) == [
        ("p", at(since), at(until) if until else None) for since, until in vector.runs
    ]


@pytest.mark.parametrize("seed", range(3))
def test_sql_and_the_matcher_agree_on_random_trees_and_people(seed: int) -> None:
    draw = Draw(seed)
    zone = ZONES[seed]
    people = {f"p{number}": draw.person() for number in range(20)}
    for person in people.values():
        events = person.profile["events"]
        # Long kinds are shortened in a profile; the log has them whole.
        person.profile["events"] = {k: t for k, t in events.items() if "x" * 150 not in k}
    db = database(people, zone)
    for _ in range(25):
        filters = draw.tree()
        if "x" * 300 in str(filters):
            continue
        fill_runs(db, filters, UNTIL)
        assert sorted(runs(db)) == expected(filters, people, zone), filters


def test_a_day_begins_where_the_clocks_jump_over_midnight() -> None:
    found = dict(days("Africa/Cairo", date(2026, 4, 23), date(2026, 4, 25)))
    starts = [start for _, start in sorted(found.items())]
    assert starts == [
        at("2026-04-22T22:00:00Z"),
        at("2026-04-23T22:00:00Z"),
        at("2026-04-24T21:00:00Z"),
    ]
