"""A member's second stage without servers: what is taken, where it begins, and when time moves."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from daybook.engine.errors import Gap, Unavailable
from daybook.engine.kafka.offsets import LogBounds
from daybook.segments.definitions import Definitions
from daybook.segments.feed import SHARDS, FeedItem, pack, shard_of
from daybook.segments.in_force import InForce
from daybook.segments.profile_facts import Origin
from daybook.segments.stage.clocks import Clock
from daybook.segments.stage.new_definitions import Backfill, DefinitionChange
from daybook.segments.stage.rounds import MARGIN_MS
from daybook.segments.stage.work import Parts, Work
from tests.fakes.memory_profiles import MemoryProfiles
from tests.segments.filters.person import UTC

ANNA = "default:u:anna"
SHARD = shard_of(ANNA)
HOUR = 3_600_000
EMPTY = LogBounds(0, 0)


class Stored:
    """The clocks of all shards; also what is known of definitions and topics."""

    def __init__(self) -> None:
        self.clocks = {shard: Clock(0, -1, -1, Backfill()) for shard in range(SHARDS)}
        self.held = dict.fromkeys(range(SHARDS), EMPTY)
        self.changes: list[DefinitionChange] = []
        self.definitions = Definitions()
        self.sources_are_read = True

    def all(self) -> dict[int, Clock]:
        return dict(self.clocks)

    def save_next(self, offsets: Mapping[int, tuple[int, int]]) -> None:
        for shard, (_, next_offset) in offsets.items():
            self.clocks[shard] = self.clocks[shard]._replace(next=next_offset)

    def save_backfill(self, shard: int, backfill: Backfill) -> None:
        self.clocks[shard] = self.clocks[shard]._replace(backfill=backfill)

    def save_round(
        self, shards: Collection[int], clock: int, moment: int, applied: Mapping[Any, int]
    ) -> None:
        for shard in shards:
            self.clocks[shard] = self.clocks[shard]._replace(clock=clock, round=moment)

    def read_new(self) -> None: ...

    def show_progress(self, done: list[int]) -> None: ...

    def check(self) -> None: ...

    def bounds(self) -> dict[int, LogBounds]:
        return self.held

    def ends(self) -> dict[int, int]:
        return {shard: held.high for shard, held in self.held.items()}

    def reached(self) -> dict[int, int]:
        return {shard: clock.next for shard, clock in self.clocks.items()}

    def define(self, filters: Mapping[str, Any]) -> None:
        data = {"segment_id": "s", "version": 1, "name": "s", "filters": filters}
        self.definitions.take({"event_type": "segment.defined", "data": data}, 0)
        self.changes.append(DefinitionChange(len(self.changes), "default", "s"))


class Sources:
    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def ends(self) -> dict[Any, int]:
        return {("topic", 0): 1}

    def reached(self) -> dict[Any, int]:
        return {("topic", 0): int(self._stored.sources_are_read)}


class Nothing:
    """Neither campaigns nor Redis."""

    def copy_some(self, shard: int, clock: int) -> bool:
        return False

    def keep_lawful(self, people: Collection[Any], clock: int) -> None:
        pass

    def show(self, organizations: Collection[str], clock: int) -> None:
        pass


class Member:
    """A member that owns the shard of Anna."""

    def __init__(self, clock_max: int | None = None, stored: Stored | None = None) -> None:
        self.stored, self.profiles, self.now_ms = stored or Stored(), MemoryProfiles(), 10 * HOUR
        fake: Any = self.stored
        sources: Any = Sources(self.stored)
        nothing: Any = Nothing()
        self.published: list[Mapping[str, Any]] = []
        self.work = Work(
            Parts(
                "group",
                self.profiles,
                fake,
                InForce(self.stored.definitions, UTC),
                fake,
                lambda items: None,
                self.published.extend,
                nothing,
                nothing,
                sources,
                fake,
                lambda: self.now_ms,
                lambda: None,
            ),
            clock_max,
        )

    def start(self, commit: int | None = None) -> int:
        return self.work.starts({SHARD: commit}, self.stored.held)[SHARD]

    def take(self, *offsets: int) -> None:
        self.work.take({SHARD: [(offset, cart(offset)) for offset in offsets]})

    def carts(self) -> list[int]:
        stored = self.profiles.profiles.get(ANNA)
        return stored["events"]["cart_add"] if stored else []

    def finish_round(self) -> None:
        while self.work.step({SHARD}):
            pass


def cart(offset: int) -> bytes:
    """A message with one cart, at as many ms since 1970 as its offset."""
    facts = {"at": offset, "did": ["*", "cart_add"]}
    [value] = pack(Origin("topic", 0), [FeedItem(ANNA, offset, facts)])
    return value


def test_what_was_taken_before_is_skipped_and_so_is_what_comes_after_a_hole() -> None:
    member = Member()
    assert member.start() == 0
    member.take(0, 1)
    member.take(1, 2, 4, 5)
    assert member.carts() == [0, 1, 2]
    assert member.stored.clocks[SHARD].next == 3
    member.take(3, 4)
    assert member.carts() == [0, 1, 2, 3, 4]


def test_of_a_shard_that_is_not_its_own_a_member_takes_nothing() -> None:
    member = Member()
    member.take(0)
    assert member.carts() == []
    assert member.stored.clocks[SHARD].next == 0


def test_the_checkpoint_follows_the_profiles() -> None:
    member = Member()
    member.start()

    def away() -> None:
        raise Unavailable("MongoDB")

    member.profiles.before = away
    with pytest.raises(Unavailable):
        member.take(0)
    assert member.stored.clocks[SHARD].next == 0
    member.profiles.before = lambda: None
    member.take(0)
    assert (member.carts(), member.stored.clocks[SHARD].next) == ([0], 1)


@pytest.mark.parametrize(
    ("held", "commit", "start"),
    [
        (LogBounds(0, 9), None, 5),
        (LogBounds(0, 9), 3, 3),
        (LogBounds(0, 9), 7, 5),
        (LogBounds(4, 9), 3, 4),
        (LogBounds(5, 5), 5, 5),
    ],
)
def test_reading_begins_at_the_lower_of_checkpoint_and_commit(
    held: LogBounds, commit: int | None, start: int
) -> None:
    member = Member()
    member.stored.save_next({SHARD: (0, 5)})
    member.stored.held[SHARD] = held
    assert member.start(commit) == start


@pytest.mark.parametrize("held", [LogBounds(6, 9), LogBounds(0, 4)])
def test_a_feed_that_does_not_hold_the_next_message_is_a_gap(held: LogBounds) -> None:
    member = Member()
    member.stored.save_next({SHARD: (0, 5)})
    member.stored.held[SHARD] = held
    with pytest.raises(Gap, match=f"shard {SHARD} must continue at offset 5"):
        member.start()


def test_a_feed_that_is_cut_while_a_member_runs_is_a_gap() -> None:
    member = Member()
    member.start()
    assert member.work.waiting({SHARD}) == {}
    member.stored.held[SHARD] = LogBounds(0, 3)
    assert member.work.waiting({SHARD}) == member.work.waiting(set()) == {SHARD: 0}
    assert member.work.waiting({SHARD - 1}) == {}
    member.stored.held[SHARD] = LogBounds(2, 3)
    with pytest.raises(Gap):
        member.work.waiting({SHARD})


def test_time_moves_to_the_latest_moment_wanted_and_stands_while_a_source_is_not_read() -> None:
    member = Member(clock_max=5 * HOUR)
    member.stored.define({"event": "cart_add", "within": "PT1H"})
    member.start()
    member.take(0)
    member.stored.sources_are_read = False
    member.finish_round()
    assert (member.stored.clocks[SHARD].clock, member.published) == (-1, [])
    member.stored.sources_are_read = True
    member.finish_round()
    assert member.stored.clocks[SHARD].clock == 5 * HOUR
    assert [(change["entered"], change["at"]) for change in member.published] == [
        (True, 0),
        (False, HOUR),
    ]


def test_it_is_caught_up_once_every_shard_is_whoever_owns_it() -> None:
    member = Member(clock_max=5 * HOUR)
    member.start()
    assert not member.work.is_caught_up()
    member.stored.save_round(range(SHARDS), 5 * HOUR, member.now_ms - 2 * MARGIN_MS, {})
    member.finish_round()
    assert member.stored.clocks[SHARD].clock == 5 * HOUR
    assert not member.work.is_caught_up()
    member.stored.save_round(range(SHARDS), 5 * HOUR, member.now_ms - MARGIN_MS, {})
    assert member.work.is_caught_up()


def test_what_is_defined_while_it_runs_is_evaluated_for_those_who_are_there() -> None:
    member = Member(clock_max=HOUR // 2)
    member.start()
    member.take(0)
    member.finish_round()
    assert member.published == []
    member.stored.define({"event": "cart_add", "within": "PT1H"})
    member.finish_round()
    [change] = member.published
    assert (change["entered"], change["reason"], change["since"]) == (True, "defined", 0)
    assert member.stored.clocks[SHARD].backfill == Backfill(1)


def test_definitions_are_read_before_anything_is_taken() -> None:
    stored = Stored()
    stored.define({"event": "cart_add", "within": "PT1H"})
    reads: list[int] = []
    stored.read_new = lambda: reads.append(0)  # type: ignore[method-assign]
    member = Member(stored=stored)
    member.start()
    assert reads == [0]
