"""Whatever visitors do and members suffer, the documents are what the events come to."""

import json
from collections.abc import Collection
from copy import deepcopy
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumers import funnel_step
from daybook.engine.batch import Batch
from daybook.engine.documents.change import Amount, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.rows import Row
from daybook.engine.documents.source import Definition
from daybook.engine.documents.state import State
from daybook.engine.errors import Damaged, Unavailable
from daybook.engine.fold.keyed import Folded, fold
from daybook.engine.group import Group
from daybook.engine.partition import Partition
from daybook.engine.protocol.definitions import Definitions
from daybook.funnels import memory
from daybook.funnels.memory import SESSION_EVENTS_MAX, SESSIONS_MAX
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, Entry
from schemas.catalogue import source
from tests.fakes.memory_store import MemoryStore
from tests.simulate.short_logs import NOON, TODAY, Log
from tests.support.funnel_traffic import DEFINITIONS_ID, Traffic
from tests.support.known_answer import Documents, assert_is_the_known_answer
from tests.support.log import LogMessage
from tests.support.runner import Lane, Letters, Runner
from tests.support.visitors import STEPS, Visitors

GROUP: Group = funnel_step.GROUP
TRACKING = source("sc.tracking.funnel")
DEFINED = Partition("sc.domain.funnel", DEFINITIONS_ID, 0)
HERE = Partition("sc.tracking.funnel", "incarnation", 0)


class Previous:
    """Stands for the definition topics: everything that they will ever say, told at once."""

    def __init__(self, entries: list[Entry]) -> None:
        self._news = [
            Definition(DEFINED, offset, entry.appended_ms, entry.event)
            for offset, entry in enumerate(e for e in entries if e.topic == FUNNELS)
        ]

    def read_new(self) -> list[Definition]:
        news, self._news = self._news, []
        return news

    def first_partition(self, topic: str) -> Partition:
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


def after_deaths(
    entries: list[Entry], deaths: list[tuple[int, int]], *, lost: bool = False
) -> Documents:
    """The documents once all is counted, by members that each take that many messages at once
    and die at that operation of the store, if not 0: before it, or with its reply `lost`."""
    store, letters = MemoryStore(), Letters()
    lane = Lane(HERE, as_log(entries))
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
    for messages, operation in deaths:
        left = 0
        runner = Runner(store, letters, GROUP, lane, Previous(entries))
        left = operation
        try:
            runner.settle(messages)
            lane.checkpoint = runner.next
        except Crash:
            continue
    left = 0
    runner = Runner(store, letters, GROUP, lane, Previous(entries))
    while runner.next < len(lane.log):
        runner.settle(7)
    return store.collections


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_documents_are_the_known_answer_however_batches_are_cut(
    seed: int, cuts: list[int]
) -> None:
    visitors = Visitors(seed, people=2)
    visitors.define()
    visitors.act(200)
    store, lane = MemoryStore(), Lane(HERE, as_log(visitors.entries))
    runner = Runner(store, Letters(), GROUP, lane, Previous(visitors.entries))
    turn = 0
    while runner.next < len(lane.log):
        runner.settle(cuts[turn % len(cuts)])
        turn += 1
    assert_is_the_known_answer(store.collections, answer(visitors.entries))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    deaths=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), min_size=1, max_size=6),
    lost=st.booleans(),
)
# What a later message takes back is written all the same: somebody may have written the first.
@example(seed=232, deaths=[(1, 0), (15, 38)], lost=False)
# A document has a part of what several messages cause together.
@example(seed=0, deaths=[(10, 30), (40, 0)], lost=False)
def test_members_that_die_anywhere_change_nothing(
    seed: int, deaths: list[tuple[int, int]], lost: bool
) -> None:
    visitors = Visitors(seed, people=2)
    visitors.define()
    visitors.act(200)
    collections = after_deaths(visitors.entries, deaths, lost=lost)
    assert_is_the_known_answer(collections, answer(visitors.entries))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 200), min_size=1, max_size=4))
def test_what_messages_cause_together_covers_what_each_causes(seed: int, cuts: list[int]) -> None:
    """Every document that one of them changes, and every offset at which it does."""
    entries = Traffic(seed, visitors=2).entries(200)
    exact: list[Folded] = []
    ours: list[Folded] = []

    def twice(group: Group, batch: Batch, states: dict[str, State], rules: Rules, **_: Any) -> Any:
        exact.append(fold(group, batch, deepcopy(states), rules, singly=True))
        ours.append(fold(group, batch, states, rules))
        return ours[-1]

    lane = Lane(HERE, as_log(entries))
    runner = Runner(MemoryStore(), Letters(), GROUP, lane, Previous(entries))
    with patch("daybook.engine.protocol.settle.fold", twice):
        for cut in [*cuts, 1_000]:
            runner.settle(cut)
    for each, together in zip(exact, ours, strict=True):
        assert sums(each) == sums(together)
        for document, several in each.caused.items():
            for one in several:
                assert any(c.first <= one.first <= c.last for c in together.caused[document])


def test_a_message_follows_what_comes_before_it_in_time_and_in_the_log() -> None:
    """A visitor who moved to another partition may go on at a lower offset."""
    remembered = {"at": 1_000, "offset": 9, "type": "step_entry"}
    visitor = {"sessions": [{"events": [remembered]}]}

    def follows(kind: str, second: str, offset: int) -> bool:
        event = {"event_type": kind, "occurred_at": f"1970-01-01T00:00:{second}Z"}
        return memory.follows(visitor, event, offset)

    assert follows("page_view", "01", 10) and follows("step_entry", "01.001", 10)
    assert not follows("page_view", "00.999", 10)
    assert not follows("step_entry", "01", 10)
    assert not follows("page_view", "01", 5)


def sums(folded: Folded) -> dict[Document, dict[Amount, int]]:
    """What a batch adds to each document, without what it takes back itself."""
    return {
        document: {amount: value for amount, value in change.amounts.items() if value}
        for document, change in folded.changes().items()
    }


@pytest.mark.parametrize("seed", range(10))
def test_a_definition_holds_from_the_first_entry_on_that_came_after_it(seed: int) -> None:
    """Whoever counted what came before it did not know it, and may have died of that."""
    visitors = Visitors(seed, hours=1)
    for step in STEPS:
        visitors.enter(step, "v")
    visitors.define()
    for step in STEPS:
        visitors.enter(step, "v")
    known = answer(visitors.entries)
    for operation in range(1, 30):
        collections = after_deaths(visitors.entries, [(5, operation), (20, 0)])
        assert_is_the_known_answer(collections, known)


@pytest.mark.parametrize("again", [False, True])
def test_a_producers_copy_of_an_older_definition_is_not_in_force(again: bool) -> None:
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.define("A", "B").define("A", "C")
    if again:
        log.again(0)
    log.enter("A", 0).enter("B", 1).enter("C", 2)
    collections = after_deaths(log.entries, [])
    assert_is_the_known_answer(collections, answer(log.entries))
    day = collections["analytics_funnel"][f"default:f:{TODAY}"]
    assert (day["attempts"], day["completions"]) == (1, 1)
    stored = collections["funnels"]["default:f"]
    assert [step["step_id"] for step in stored["steps"]] == ["A", "C"]
    assert len(stored["versions"]) == 2


@pytest.mark.parametrize("field", ["sessions", "pins", "event_ids", "home"])
@pytest.mark.parametrize("damage", ["other", None])
def test_a_damaged_state_is_named(field: str, damage: str | None) -> None:
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.define("A").enter("A", 0).enter("A", 1)
    store, lane = MemoryStore(), Lane(HERE, as_log(log.entries))
    runner = Runner(store, Letters(), GROUP, lane, Previous(log.entries))
    runner.settle(1)
    state = store.collections["visitor_state"]["default:v"]
    if damage is None:
        del state[field]
    else:
        state[field] = damage
    with pytest.raises(Damaged, match=f"document default:v .*: visitor_state.{field} is "):
        runner.settle(1)


@pytest.mark.parametrize("missed", [1, 2])
def test_a_definition_that_could_not_be_stored_is_in_force_and_stored_later(missed: int) -> None:
    """The store is away at its first or second definition; the member lives on."""
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.define("A", "B").define("A", "C").enter("A", 0).enter("B", 1).enter("C", 2)
    store, lane = MemoryStore(), Lane(HERE, as_log(log.entries))
    stored, asked = store.put, 0

    def put(rows: Collection[Row], partition: Partition) -> None:
        nonlocal asked
        asked += 1
        if asked == missed:
            raise Unavailable("MongoDB does not answer")
        stored(rows, partition)

    with patch.object(store, "put", put):
        runner = Runner(store, Letters(), GROUP, lane, Previous(log.entries))
        while runner.next < len(lane.log):
            runner.settle(7)
    assert_is_the_known_answer(store.collections, answer(log.entries))
    assert len(store.collections["funnels"]["default:f"]["versions"]) == 2


def test_definitions_that_were_read_when_kafka_went_away_are_told_later() -> None:
    log = Log().define("A", "B")
    (told,) = Previous(log.entries).read_new()
    other = Partition("sc.domain.event", "events", 0)
    definitions = Definitions((), Mock(), dict, Mock(), Mock())

    def read(partition: Partition, start: int, end: int) -> list[Definition]:
        if partition == other and is_away:
            raise Unavailable("Kafka does not answer")
        return [told] if partition == DEFINED else []

    with (
        patch.object(definitions, "_bounds", return_value={DEFINED: (0, 1), other: (0, 1)}),
        patch.object(definitions, "_read", read),
    ):
        is_away = True
        with pytest.raises(Unavailable):
            definitions.read_new()
        is_away = False
        assert definitions.read_new() == [told]
        assert definitions.read_new() == []


@pytest.mark.parametrize("seed", range(10))
def test_a_day_keeps_its_definition_when_its_visitor_moves_to_a_lower_offset(seed: int) -> None:
    """Partitions were added while the day went on, and the funnel was published anew."""
    visitors = Visitors(seed, hours=1)
    visitors.define()
    visitors.act(50)
    for step in STEPS:
        visitors.enter(step, "v")
    before = len(as_log(visitors.entries))
    visitors.define()
    for step in STEPS:
        visitors.enter(step, "v")
    for session in range(SESSIONS_MAX):
        visitors.view("v", f"another-{session}")
    log = as_log(visitors.entries)
    added = Partition(HERE.topic, HERE.topic_id, 1, boundaries=({0: before, 1: 0},))
    moved = [replace(message, at=at) for at, message in enumerate(log[before:])]
    store = MemoryStore()
    for lane in (Lane(HERE, log[:before]), Lane(added, moved)):
        runner = Runner(store, Letters(), GROUP, lane, Previous(visitors.entries))
        while runner.next < len(lane.log):
            runner.settle(9)
    assert_is_the_known_answer(store.collections, answer(visitors.entries))
    assert store.collections["visitor_state"]["default:v"]["pins"] == {}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("messages", [1, 3, 10, 1_000])
def test_a_day_whose_entries_are_forgotten_begins_anew(seed: int, messages: int) -> None:
    """By the definition of then, wherever batches are cut and whoever dies."""
    visitors = Visitors(seed, hours=1)
    visitors.define()
    for round_ in range(3):
        for step in STEPS:
            visitors.enter(step, "v", f"entering-{round_}")
        for number in range(SESSIONS_MAX):
            visitors.view("v", f"viewing-{round_}-{number}")
        visitors.define()
    known = answer(visitors.entries)
    for operation in (0, 5, 12, 30):
        deaths = [(messages, operation), (70, operation), (40, 0)]
        assert_is_the_known_answer(after_deaths(visitors.entries, deaths), known)


@pytest.mark.parametrize("seed", range(5))
def test_a_day_that_is_forgotten_within_a_batch_begins_anew_in_it(seed: int) -> None:
    """Somebody with smaller batches may have pinned the first entry, and died."""
    visitors = Visitors(seed, hours=1)
    for _ in range(8):
        visitors.define()
    for session in ("then", "now"):
        for step in STEPS:
            visitors.enter(step, "v", session)
        visitors.wait(36)
        visitors.define()
    known = answer(visitors.entries)
    for operation in range(1, 20):
        deaths = [(10, operation), (20, 0)]
        assert_is_the_known_answer(after_deaths(visitors.entries, deaths), known)


@pytest.mark.parametrize("seed", range(5))
def test_a_duplicate_pins_nothing(seed: int) -> None:
    """Be it of its own batch, and further back than the window."""
    visitors = Visitors(seed, hours=1)
    visitors.enter("a", "v")
    for number in range(7):
        visitors.view("w", f"another-{number}")
    for _ in range(2):
        visitors.define()
        visitors.again(0)
    visitors.define()
    for step in STEPS:
        visitors.enter(step, "v")
    known = answer(visitors.entries)
    for messages in (1, 3, 1_000):
        assert_is_the_known_answer(after_deaths(visitors.entries, [(messages, 0)]), known)


def test_a_definition_is_not_pinned_by_an_entry_that_its_session_has_no_room_for() -> None:
    visitors = Visitors(1, hours=1)
    for _ in range(SESSION_EVENTS_MAX):
        visitors.view("v", "full")
    visitors.define()
    visitors.enter("a", "v", "full")
    visitors.define()
    for step in STEPS:
        visitors.enter(step, "v", "another")
    known = answer(visitors.entries)
    for messages in (1, 100, 1_000):
        assert_is_the_known_answer(after_deaths(visitors.entries, [(messages, 0)]), known)
