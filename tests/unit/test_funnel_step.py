"""Whatever visitors do and members suffer, the documents are what the events come to."""

import json
from typing import Any

from bson import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers import funnel_step
from engine.definitions import Definition
from engine.group import Group
from engine.partition import Partition
from schemas.catalogue import source
from simulate.answer.answer import answer
from simulate.answer.entry import FUNNELS, Entry
from tests.fakes.memory_store import MemoryStore
from tests.support.log import LogMessage
from tests.support.runner import Lane, Letters, Runner
from tests.support.visitors import Visitors

GROUP: Group = funnel_step.GROUP
TRACKING = source("sc.tracking.funnel")
DEFINED = Partition("sc.domain.funnel", "defined", 0)
HERE = Partition("sc.tracking.funnel", "incarnation", 0)


class Told:
    """Stands for the definition topics: everything that they will ever say, told at once."""

    def __init__(self, entries: list[Entry]) -> None:
        self._news = [
            Definition(DEFINED, offset, entry.appended_ms, entry.event)
            for offset, entry in enumerate(e for e in entries if e.topic == FUNNELS)
        ]

    def news(self) -> list[Definition]:
        news, self._news = self._news, []
        return news

    def home(self, topic: str) -> Partition:
        return DEFINED


class Crash(Exception):
    """The member is gone, between two operations."""


def as_log(entries: list[Entry]) -> list[LogMessage]:
    tracked = [entry for entry in entries if entry.topic != FUNNELS]
    return [
        LogMessage(
            at,
            json.dumps(entry.event).encode(),
            TRACKING.key_of(entry.event).encode(),
            entry.appended_ms,
        )
        for at, entry in enumerate(tracked)
    ]


def plain(value: Any) -> Any:
    """Without zeros, empty maps and currencies of zeros: what is not there is 0."""
    if isinstance(value, Decimal128):
        return int(value.to_decimal()) or None
    if isinstance(value, dict):
        found = {name: plain(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each not in (None, {})} or None
    return value or None


def counted(store: MemoryStore) -> dict[tuple[str, str], Any]:
    found = {}
    for model in GROUP.documents:
        derived = {"drop_off_rate", "avg_time_seconds", "conversion_rate"}
        for name, document in store.collections.get(model.collection, {}).items():
            own = set(model.key) | {"date", "_daybook"} | derived
            kept = {k: v for k, v in document.items() if k not in own}
            for hour in kept.get("hours", {}).values():
                for each in derived:
                    hour.pop(each, None)
            if fields := plain(kept):
                found[model.collection, name] = fields
    return found


def expected(entries: list[Entry]) -> dict[tuple[str, str], Any]:
    derived = {"drop_off_rate", "avg_time_seconds", "conversion_rate"}
    found = {}
    for line in answer(entries):
        kept = {k: v for k, v in line["fields"].items() if k not in derived}
        if fields := plain(kept):
            found[line["collection"], line["_id"]] = fields
    return found


def assert_is_the_known_answer(store: MemoryStore, entries: list[Entry]) -> None:
    stored, known = counted(store), expected(entries)
    for name in stored.keys() & known.keys():
        named = store.collections[name[0]][name[1]].get("currencies", {})
        if len(named) > len(known[name].get("currencies", {})):
            # A currency that came to nothing stays named, so money stands in currencies only.
            stored[name], known[name] = by_currency(stored[name]), by_currency(known[name])
    assert stored == known


def by_currency(fields: Any, top: bool = True) -> Any:
    """Without the money that is repeated outside `currencies`."""
    if not isinstance(fields, dict):
        return fields
    kept = {
        name: value if top and name == "currencies" else by_currency(value, top=False)
        for name, value in fields.items()
        if not name.endswith(("_cents", "_cents_squared"))
    }
    return plain(kept)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_documents_are_the_known_answer_however_batches_are_cut(
    seed: int, cuts: list[int]
) -> None:
    visitors = Visitors(seed)
    visitors.define()
    visitors.act(120)
    store, lane = MemoryStore(), Lane(HERE, as_log(visitors.entries))
    runner = Runner(store, Letters(), GROUP, lane, Told(visitors.entries))
    turn = 0
    while runner.next < len(lane.log):
        runner.settle(cuts[turn % len(cuts)])
        turn += 1
    assert_is_the_known_answer(store, visitors.entries)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    deaths=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), min_size=1, max_size=6),
    lost=st.booleans(),
)
def test_members_that_die_anywhere_change_nothing(
    seed: int, deaths: list[tuple[int, int]], lost: bool
) -> None:
    visitors = Visitors(seed)
    visitors.define()
    visitors.act(100)
    store, letters = MemoryStore(), Letters()
    lane = Lane(HERE, as_log(visitors.entries))
    left = 0

    def strike() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    if lost:
        store.after = strike
    else:
        store.before = strike
    for messages, after in deaths:
        left = 0
        runner = Runner(store, letters, GROUP, lane, Told(visitors.entries))
        left = after
        try:
            runner.settle(messages)
            lane.checkpoint = runner.next
        except Crash:
            continue
    left = 0
    runner = Runner(store, letters, GROUP, lane, Told(visitors.entries))
    while runner.next < len(lane.log):
        runner.settle(7)
    assert_is_the_known_answer(store, visitors.entries)
