"""Despite any faults, a sketch contains every person who was counted, and nobody else."""

from collections.abc import Collection
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.engine.documents import sketches
from daybook.engine.documents.sketches import Sketch
from daybook.engine.partition import Partition
from daybook.engine.protocol.sketch_merge import merge_sketches
from daybook.simulate.answer.entry import FUNNELS, Entry
from models.uniques import Uniques, people, periods
from tests.consumers.test_funnel_step import GROUP, HERE, Crash, FixedDefinitions, as_log
from tests.fakes.memory_store import MemoryStore
from tests.support.runner import FakeDeadLetters, Lane, Runner
from tests.support.uniques import Name, assert_sketches, known
from tests.support.visitors import Visitors

THERE = Partition("sc.tracking.funnel", "incarnation", 1)
DAY = Sketch("funnel", ("default", "f"), "2026-03-02")


def stored(store: MemoryStore) -> list[dict[str, Any]]:
    return list(store.collections.get(Uniques.collection, {}).values())


def assert_nobody_is_lost(store: MemoryStore, expected: dict[Name, int]) -> None:
    for document in stored(store):
        assert document["estimate"] == people([document]).estimate
    assert_sketches(stored(store), expected)


def history(seed: int, people: int) -> tuple[list[Entry], Lane]:
    visitors = Visitors(seed, people)
    visitors.define()
    visitors.act(200)
    return visitors.entries, Lane(HERE, as_log(visitors.entries))


def finish(
    store: MemoryStore, dead_letters: FakeDeadLetters, lane: Lane, entries: list[Entry]
) -> None:
    runner = Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries))
    while runner.next < len(lane.log):
        runner.settle(7)


def test_visitors_are_in_their_sketches_before_they_are_in_a_state() -> None:
    entries, lane = history(seed=1, people=3)
    lane.log = lane.log[:5]
    expected = known([entry for entry in entries if entry.topic != FUNNELS][:5])
    for operation in count(1):
        store, dead_letters, left = MemoryStore(), FakeDeadLetters(), operation

        def crash_in_time() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        store.before = crash_in_time
        with suppress(Crash):
            Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries)).settle(5)
        if left > 0:
            break
        finish(store, dead_letters, lane, entries)
        assert_nobody_is_lost(store, expected)
    assert operation > 20


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    people=st.sampled_from([1, 3, 40]),
    deaths=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=6),
    lost=st.booleans(),
)
def test_members_that_die_anywhere_lose_no_visitor(
    seed: int, people: int, deaths: list[tuple[int, int]], lost: bool
) -> None:
    entries, lane = history(seed, people)
    store, dead_letters, left = MemoryStore(), FakeDeadLetters(), 0

    def crash_in_time() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    setattr(store, "after" if lost else "before", crash_in_time)
    for messages, after in deaths:
        runner, left = Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries)), after
        try:
            runner.settle(messages)
            lane.checkpoint = runner.next
        except Crash:
            continue
    left = 0
    finish(store, dead_letters, lane, entries)
    assert_nobody_is_lost(store, known(entries))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    wakes=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=6),
)
def test_two_owners_at_once_lose_no_visitor(seed: int, wakes: list[tuple[int, int]]) -> None:
    entries, lane = history(seed, people=3)
    store, dead_letters, left, messages = MemoryStore(), FakeDeadLetters(), 0, 1

    def wake() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries)).settle(messages)

    store.before = wake
    for after, count_of_messages in wakes:
        left, messages = after, count_of_messages
        runner = Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries))
        runner.settle(20)
        lane.checkpoint = runner.next
    left = 0
    finish(store, dead_letters, lane, entries)
    assert_nobody_is_lost(store, known(entries))


@pytest.mark.parametrize("operation", [1, 2, 3])
def test_keys_added_by_another_owner_at_the_same_time_are_kept(operation: int) -> None:
    store, left = MemoryStore(), operation

    def add(keys: Collection[str]) -> None:
        merge_sketches(
            store, Uniques, HERE, {DAY: keys, DAY._replace(kind="step"): keys}, lambda _: None
        )

    def wake() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            add(["b", "c"])

    add(["a"])
    store.before = wake
    add(["d"])
    assert [people([document]).estimate for document in stored(store)] == [4, 4]


def test_keys_that_a_sketch_contains_are_not_written_again() -> None:
    store = MemoryStore()
    keys = [f"v{number}" for number in range(200)]
    merge_sketches(store, Uniques, HERE, {DAY: keys}, lambda _: None)
    before = stored(store)
    merge_sketches(store, Uniques, HERE, {DAY: keys[20:70]}, lambda _: None)
    assert stored(store) == before


def test_a_sketchs_id_names_its_counter_and_partition() -> None:
    store = MemoryStore()
    sketch = Sketch("step", ("org:1", "f", "e.e"), "2026-03")
    merge_sketches(store, Uniques, THERE, {sketch: ["v"]}, lambda _: None)
    (document,) = stored(store)
    assert document.pop("sketch") and document.pop("_daybook")
    assert document == {
        "_id": "org%3A1:step:f:e%2Ee:2026-03:incarnation:1",
        "organization_id": "org:1",
        "kind": "step",
        "id": "f",
        "step_id": "e.e",
        "period": "2026-03",
        "topic_id": "incarnation",
        "partition": 1,
        "estimate": 1,
    }


@pytest.mark.parametrize(("each", "among"), [(9, 90), (300, 3_000), (4_000, 30_000)])
def test_the_union_of_days_and_partitions_estimates_the_month(each: int, among: int) -> None:
    store, everybody = MemoryStore(), set()
    for day in range(1, 31):
        for number, partition in enumerate((HERE, THERE)):
            # People stay in their partition; most come on several days.
            keys = {f"v{number}-{(day * 7919 + n * 31) % among}" for n in range(each)}
            of_day = DAY._replace(period=f"2026-04-{day:02d}")
            of_month = DAY._replace(period="2026-04")
            merge_sketches(
                store, Uniques, partition, {of_day: keys, of_month: keys}, lambda _: None
            )
            everybody |= keys
    months = people(d for d in stored(store) if d["period"] == "2026-04")
    days = people(d for d in stored(store) if d["period"] != "2026-04")
    for estimate in (months, days):
        assert estimate.lower <= len(everybody) <= estimate.upper
        assert abs(estimate.estimate / len(everybody) - 1) < 3 * 0.0162
    if len(everybody) < 300:
        assert days == months == (len(everybody),) * 3


def test_without_sketches_there_are_no_people() -> None:
    assert people([]) == (0, 0, 0)


def test_the_order_of_keys_and_their_repetition_change_nothing() -> None:
    keys = [f"v{number}" for number in range(2_000)]
    there, back = sketches.add_keys(None, keys), sketches.add_keys(None, [*reversed(keys), *keys])
    assert there and back
    assert sketches.estimate_union([there, back]) == sketches.estimate_union([back, there, there])
    assert sketches.add_keys(there, keys) is sketches.add_keys(back, keys) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-11-20", "2026-11-20", ["2026-11-20"]),
        ("2026-02-01", "2026-02-28", ["2026-02"]),
        ("2026-01-31", "2026-04-01", ["2026-01-31", "2026-02", "2026-03", "2026-04-01"]),
        ("2026-12-31", "2027-01-31", ["2026-12-31", "2027-01"]),
        ("2028-02-01", "2028-02-28", [f"2028-02-{day:02d}" for day in range(1, 29)]),
        ("2026-11-21", "2026-11-20", []),
    ],
)
def test_a_range_is_covered_by_whole_months_and_single_days(
    first: str, last: str, expected: list[str]
) -> None:
    assert periods(first, last) == expected
