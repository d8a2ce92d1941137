"""Both stages in memory: topics, members that die anywhere, the feed, and the profiles."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from consumers.segment import GROUP
from daybook.engine.documents.fields import Event
from daybook.engine.moment import moment_at
from daybook.engine.partition import Partition
from daybook.segments.definitions import Definitions
from daybook.segments.feed import FeedItem, FeedMessage, pack, shard_of, unpack
from daybook.segments.in_force import InForce
from daybook.segments.stage.new_definitions import Backfill, DefinitionChange
from daybook.segments.stage.shard import Outlets, Shard, evaluate_some, take
from schemas.catalogue import source
from schemas.envelope import moment_text
from tests.fakes.memory_profiles import MemoryProfiles
from tests.fakes.memory_store import MemoryStore
from tests.segments.filters.person import UTC
from tests.support.log import LogMessage
from tests.support.runner import FakeDeadLetters, Lane, Runner

TRACKING, ORDERS, USERS = "sc.tracking.funnel", "sc.domain.order", "sc.domain.user"
SHARDS = range(12)


class Died(Exception):
    """A member dies here."""


class Fleet:
    """Each partition and each shard has an owner; former owners may wake up."""

    def __init__(self, seed: int, definitions: Definitions, risk: float) -> None:
        self.random = random.Random(seed)
        self.risk = risk
        self.now_ms = 1_772_000_000_000
        self.store, self.dead_letters = MemoryStore(), FakeDeadLetters()
        self.lanes = {
            place: Lane(Partition(place[0], f"id of {place[0]}", place[1]), [])
            for place in ((TRACKING, 0), (TRACKING, 1), (ORDERS, 0), (USERS, 0))
        }
        self.events = 0
        self.members = {place: [self._member(place)] for place in self.lanes}
        self.feed: dict[int, list[bytes]] = {shard: [] for shard in SHARDS}
        self.applied = dict.fromkeys(SHARDS, 0)
        self.profiles = MemoryProfiles()
        self.profiles.before = self.maybe_die
        self.told: list[Mapping[str, Any]] = []
        self.clock = 0
        self.definitions = definitions
        self.changes: list[DefinitionChange] = []
        self.defined: list[Event] = []
        self.backfills = dict.fromkeys(SHARDS, Backfill())
        self._outlets = Outlets(self.publish, lambda people, clock: None)
        self._in_force = InForce(definitions, UTC)
        self.shards = {number: self._shard(number) for number in SHARDS}

    def _member(self, place: tuple[str, int]) -> Runner:
        return Runner(self.store, self.dead_letters, GROUP, self.lanes[place], send=self.send)

    def _shard(self, number: int) -> Shard:
        shard = Shard(
            number,
            self.profiles,
            self._in_force,
            self._outlets,
            self.clock,
            self.backfills[number],
        )
        shard.new.learn(self.changes)
        return shard

    def define(self, event: Event) -> None:
        """A definition is read by all shards' owners."""
        self.definitions.take(event, self.now_ms)
        self.defined.append(event)
        segment = event["data"]["segment_id"]
        self.changes.append(DefinitionChange(len(self.changes), "default", segment))
        for shard in self.shards.values():
            shard.new.learn(self.changes)

    def maybe_die(self) -> None:
        if self.random.random() < self.risk:
            raise Died

    def append(self, place: tuple[str, int], event_type: str, at: int, **data: Any) -> None:
        """Appends an event that occurred `at`, in ms since 1970."""
        self.events += 1
        event = {
            "event_id": f"00000000-0000-0000-0000-{self.events:012x}",
            "event_type": event_type,
            "occurred_at": moment_text(moment_at(at)),
            "schema_version": 1,
            "data": data,
        }
        log = self.lanes[place].log
        key = source(place[0]).key_of(event)
        log.append(LogMessage(len(log), json.dumps(event).encode(), key.encode(), self.now_ms))

    def send(self, messages: Mapping[int, Iterable[bytes]]) -> None:
        for shard, values in messages.items():
            self.maybe_die()
            self.feed[shard] += values

    def send_on(self, sent: Sequence[FeedItem]) -> None:
        for item in sent:
            self.maybe_die()
            self.feed[shard_of(item.profile)] += pack(None, [item])

    def publish(self, changes: Sequence[Mapping[str, Any]]) -> None:
        for change in changes:
            self.maybe_die()
            self.told.append(change)

    def route(self, place: tuple[str, int], messages: int) -> None:
        """One of the partition's newest two members counts some messages."""
        member = self.random.choice(self.members[place][-2:])
        try:
            member.settle(messages)
        except Died:
            self.members[place].append(self._member(place))
            return
        if self.random.random() < 0.5:
            self.lanes[place].checkpoint = max(self.lanes[place].checkpoint, member.next)

    def take(self, shard: int, messages: int) -> None:
        """The shard's owner takes some messages; offsets may be committed late."""
        start = self.applied[shard]
        values = self.feed[shard][start : start + messages]
        try:
            own = self.shards[shard], [self._message(value) for value in values]
            take([own], self.profiles, self.send_on)
        except Died:
            self.shards[shard] = self._shard(shard)
            self.applied[shard] = max(0, start - self.random.randint(0, 3))
            return
        self.applied[shard] = start + len(values)

    @staticmethod
    def _message(value: bytes) -> FeedMessage:
        return unpack(value)

    def read_until(self) -> int:
        """The moment up to which every partition was read by its owner."""
        return min(
            self.now_ms - 1
            if members[-1].next == len(self.lanes[place].log)
            else self.lanes[place].log[members[-1].next].arrived_ms - 1
            for place, members in self.members.items()
        )

    def round(self) -> None:
        """Adopts a new clock once every shard has taken the feed to its end, twice."""
        clock = self.read_until()
        for _ in range(2):
            for shard, feed in self.feed.items():
                end = len(feed)
                while self.applied[shard] < end:
                    self.take(shard, 50)
        self.clock = max(self.clock, clock)
        for number in SHARDS:
            try:
                self._advance(number)
            except Died:
                self.shards[number] = self._shard(number)

    def _advance(self, number: int) -> None:
        shard = self.shards[number]
        shard.clock = max(shard.clock, self.clock)
        while shard.backfill_some() and self.random.random() < 0.9:
            self.maybe_die()
            self.backfills[number] = shard.new.backfill
        while evaluate_some([shard], self.profiles, self._outlets, shard.clock):
            self.maybe_die()

    def finish(self) -> None:
        """Everything is read and evaluated, and nobody dies any more."""
        self.risk = 0.0
        for place in self.lanes:
            self.members[place].append(self._member(place))
            while self.members[place][-1].next < len(self.lanes[place].log):
                self.members[place][-1].settle(50)
        self.round()
        while not all(shard.new.is_done for shard in self.shards.values()):
            self.round()
