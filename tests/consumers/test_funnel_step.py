"""The funnel-step group counts the known answer, whatever visitors do and wherever members die."""

import json
from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumers import funnel_step
from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
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
from daybook.funnels.visitor_event import to_visitor_event
from daybook.funnels.visits import Visits
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, Entry
from models.visitor_state import new_visitor
from schemas.catalogue import source
from tests.fakes.memory_store import MemoryStore
from tests.simulate.short_logs import NOON, TODAY, Log
from tests.support.funnel_traffic import DEFINITIONS_ID, Traffic
from tests.support.hostile_visitors import HOSTILE
from tests.support.known_answer import Documents, assert_is_the_known_answer
from tests.support.log import LogMessage
from tests.support.runner import FakeDeadLetters, Lane, Runner
from tests.support.visitors import STEPS, Visitors

GROUP: Group = funnel_step.GROUP
TRACKING = source("sc.tracking.funnel")
DEFINED = Partition("sc.domain.funnel", DEFINITIONS_ID, 0)
HERE = Partition("sc.tracking.funnel", "incarnation", 0)


class FixedDefinitions:
    """Stands for the definition topics: returns all their definitions at once."""

    def __init__(self, entries: list[Entry]) -> None:
        self._unread = [
            Definition(DEFINED, offset, entry.appended_ms, entry.event)
            for offset, entry in enumerate(e for e in entries if e.topic == FUNNELS)
        ]

    def read_new(self, take: Callable[[Definition], object]) -> None:
        definitions, self._unread = self._unread, []
        for definition in definitions:
            take(definition)

    def first_partition(self, topic: str) -> Partition:
        return DEFINED


class Crash(Exception):
    """The member dies between two operations."""


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
    """The documents after everything is counted.

    `deaths` has for each member the messages in its batch and the number of the store operation at
    which it dies (0: none): before it, or after it with its reply `lost`.
    """
    store, dead_letters = MemoryStore(), FakeDeadLetters()
    lane = Lane(HERE, as_log(entries))
    left = 0

    def crash_in_time() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    if lost:
        store.after = crash_in_time
    else:
        store.before = crash_in_time
    for messages, operation in deaths:
        left = 0
        runner = Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries))
        left = operation
        try:
            runner.settle(messages)
            lane.checkpoint = runner.next
        except Crash:
            continue
    left = 0
    runner = Runner(store, dead_letters, GROUP, lane, FixedDefinitions(entries))
    while runner.next < len(lane.log):
        runner.settle(7)
    return store.collections


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_documents_are_the_known_answer_with_any_batch_boundaries(
    seed: int, cuts: list[int]
) -> None:
    visitors = Visitors(seed, people=2)
    visitors.define()
    visitors.act(200)
    store, lane = MemoryStore(), Lane(HERE, as_log(visitors.entries))
    runner = Runner(store, FakeDeadLetters(), GROUP, lane, FixedDefinitions(visitors.entries))
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
# A document holds a part of a joint effect.
@example(seed=0, deaths=[(10, 30), (40, 0)], lost=False)
def test_members_that_die_anywhere_do_not_change_the_documents(
    seed: int, deaths: list[tuple[int, int]], lost: bool
) -> None:
    visitors = Visitors(seed, people=2)
    visitors.define()
    visitors.act(200)
    collections = after_deaths(visitors.entries, deaths, lost=lost)
    assert_is_the_known_answer(collections, answer(visitors.entries))


def test_a_change_whose_amounts_cancel_out_undoes_the_part_that_a_dead_member_wrote() -> None:
    """A late entry takes the conversion from `unattributed`: one batch adds 1 and subtracts it."""
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.convert(10).enter("A", 5)
    known = answer(log.entries)
    for operation in range(1, 20):
        collections = after_deaths(log.entries, [(1, operation)])
        assert_is_the_known_answer(collections, known)


def test_a_second_variant_takes_back_what_a_dead_member_has_counted() -> None:
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.track("experiment_exposed", 0, test_id="t", variant_id="a")
    # The second conversion comes late, so that it is measured by itself.
    log.convert(20, 500, "USD").convert(10, 500)
    log.track("experiment_exposed", 30, test_id="t", variant_id="b")
    known = answer(log.entries)
    for operation in range(1, 20):
        collections = after_deaths(log.entries, [(1, 0), (1, operation)])
        assert_is_the_known_answer(collections, known)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 200), min_size=1, max_size=4))
def test_joint_effects_cover_the_effects_of_each_message(seed: int, cuts: list[int]) -> None:
    """For every document that a message changes, and every offset at which it does."""
    entries = Traffic(seed, visitors=2).entries(200)
    single_folds: list[Folded] = []
    joint_folds: list[Folded] = []

    def fold_both(
        group: Group, batch: Batch, states: dict[str, State], rules: Rules, **_: Any
    ) -> Any:
        single_folds.append(fold(group, batch, deepcopy(states), rules, singly=True))
        joint_folds.append(fold(group, batch, states, rules))
        return joint_folds[-1]

    lane = Lane(HERE, as_log(entries))
    runner = Runner(MemoryStore(), FakeDeadLetters(), GROUP, lane, FixedDefinitions(entries))
    with patch("daybook.engine.protocol.settle.fold", fold_both):
        for cut in [*cuts, 1_000]:
            runner.settle(cut)
    for single, joint in zip(single_folds, joint_folds, strict=True):
        assert sums(single) == sums(joint)
        for document, effects in single.caused.items():
            for caused in effects:
                assert any(c.first <= caused.first <= c.last for c in joint.caused[document])


def test_a_message_follows_only_if_it_is_later_in_time_and_in_the_log() -> None:
    """A visitor whose key moved to another partition may continue at a lower offset."""
    data = {"session_id": "s", "funnel_id": "f", "step_id": "a"}
    known = {"event_type": "step_entry", "occurred_at": "1970-01-01T00:00:01Z", "data": data}
    visitor = new_visitor("o:v")
    remembered = to_visitor_event(known, DayHour("1970-01-01", "00"), 9)
    assert memory.remember(visitor, "s", 0, remembered, {})

    def follows(kind: str, second: str, offset: int) -> bool:
        event = {"event_type": kind, "occurred_at": f"1970-01-01T00:00:{second}Z"}
        return memory.follows(Visits(visitor), event, offset)

    assert follows("page_view", "01", 10) and follows("step_entry", "01.001", 10)
    assert not follows("experiment_exposed", "02", 10)
    assert not follows("page_view", "00.999", 10)
    assert not follows("step_entry", "01", 10)
    assert not follows("page_view", "01", 5)


def sums(folded: Folded) -> dict[Document, dict[Amount, int]]:
    """The amounts that a batch adds to each document, without those that cancel out."""
    return {
        document: {amount: value for amount, value in change.amounts.items() if value}
        for document, change in folded.changes().items()
    }


@pytest.mark.parametrize("seed", range(10))
def test_a_definition_applies_from_the_first_later_entry_on(seed: int) -> None:
    """A member that counted the earlier messages did not know it, and may have died since."""
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
def test_a_duplicate_of_an_older_definition_does_not_apply(again: bool) -> None:
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
    runner = Runner(store, FakeDeadLetters(), GROUP, lane, FixedDefinitions(log.entries))
    runner.settle(1)
    state = store.collections["visitor_state"]["default:v"]
    if damage is None:
        del state[field]
    else:
        state[field] = damage
    with pytest.raises(Damaged, match=f"document default:v .*: visitor_state.{field} is "):
        runner.settle(1)


def test_a_state_from_before_its_size_was_stored_has_the_same_bounds() -> None:
    """Its `truncated` is absent until a rebuild; the rest is as if it had always been stored."""
    entries = HOSTILE["long_pages"]().entries
    whole, cut = MemoryStore(), MemoryStore()
    for store in (whole, cut):
        lane = Lane(HERE, as_log(entries))
        runner = Runner(store, FakeDeadLetters(), GROUP, lane, FixedDefinitions(entries))
        while runner.next < len(lane.log):
            runner.settle(150)
            state = store.collections["visitor_state"]["default:v"]
            if store is cut and runner.next == 150:
                del state["size"], state["truncated"]
    known, found = (s.collections["visitor_state"]["default:v"] for s in (whole, cut))
    assert known.pop("truncated") > 0
    assert found == known


@pytest.mark.parametrize("missed", [1, 2])
def test_a_definition_that_could_not_be_stored_applies_and_is_stored_later(missed: int) -> None:
    """The store is unavailable at the first or second definition; the member continues."""
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    log.define("A", "B").define("A", "C").enter("A", 0).enter("B", 1).enter("C", 2)
    store, lane = MemoryStore(), Lane(HERE, as_log(log.entries))
    original_put, calls = store.put, 0

    def put(rows: Collection[Row], partition: Partition) -> None:
        nonlocal calls
        calls += 1
        if calls == missed:
            raise Unavailable("MongoDB does not answer")
        original_put(rows, partition)

    with patch.object(store, "put", put):
        runner = Runner(store, FakeDeadLetters(), GROUP, lane, FixedDefinitions(log.entries))
        while runner.next < len(lane.log):
            runner.settle(7)
    assert_is_the_known_answer(store.collections, answer(log.entries))
    assert len(store.collections["funnels"]["default:f"]["versions"]) == 2


def test_definitions_read_before_kafka_failed_are_taken_later() -> None:
    taken: list[Definition] = []
    FixedDefinitions(Log().define("A", "B").entries).read_new(taken.append)
    (definition,) = taken
    other = Partition("sc.domain.event", "events", 0)
    definitions = Definitions((), Mock(), dict, Mock(), Mock())

    def read(partition: Partition, start: int, end: int) -> list[tuple[Definition, Mock]]:
        if partition == other and is_away:
            raise Unavailable("Kafka does not answer")
        return [(definition, Mock())] if partition == DEFINED else []

    with (
        patch.object(definitions, "_bounds", return_value={DEFINED: (0, 1), other: (0, 1)}),
        patch.object(definitions, "_read", read),
    ):
        is_away = True
        with pytest.raises(Unavailable):
            definitions.read_new(taken.append)
        is_away = False
        definitions.read_new(taken.append)
        definitions.read_new(taken.append)
        assert taken == [definition, definition]


@pytest.mark.parametrize("seed", range(10))
def test_a_day_keeps_its_definition_when_its_visitor_moves_to_a_lower_offset(seed: int) -> None:
    """Partitions are added during the day, and the funnel is published again."""
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
        runner = Runner(store, FakeDeadLetters(), GROUP, lane, FixedDefinitions(visitors.entries))
        while runner.next < len(lane.log):
            runner.settle(9)
    assert_is_the_known_answer(store.collections, answer(visitors.entries))
    assert store.collections["visitor_state"]["default:v"]["pins"] == {}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("messages", [1, 3, 10, 1_000])
def test_a_day_whose_entries_are_forgotten_uses_the_current_definition(
    seed: int, messages: int
) -> None:
    """With any batch boundaries, and with members that die."""
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
def test_a_day_forgotten_within_a_batch_uses_the_current_definition(seed: int) -> None:
    """A member with smaller batches may have pinned the first entry, and died."""
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
    """Not even in the same batch, or outside the duplicate window."""
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


def test_an_entry_in_a_full_session_pins_no_definition() -> None:
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
