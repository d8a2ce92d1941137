"""The work of one member's second stage, a piece at a time: everything but reading the feed.

All methods run in one thread. Each may be repeated: after Unavailable when the server answers
again, and after Refused at once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

import structlog

from daybook.engine.errors import Gap
from daybook.engine.kafka.offsets import LogBounds
from daybook.segments.feed import FeedMessage, unpack
from daybook.segments.in_force import InForce
from daybook.segments.metrics import CHANGES, CLOCK, FEED_LAG, ITEMS, ROUND_SECONDS
from daybook.segments.stage.clocks import REMEDY, Clock, Clocks
from daybook.segments.stage.definition_rows import DefinitionRows
from daybook.segments.stage.live import LiveSegments
from daybook.segments.stage.pins import Pins
from daybook.segments.stage.profiles import Profiles
from daybook.segments.stage.progress import FeedProgress, SourceProgress
from daybook.segments.stage.rounds import Rounds
from daybook.segments.stage.shard import Outlets, Publish, SendItems, Shard, evaluate_some, take

log = structlog.get_logger()

TELLING_SHARD = 0
"""The owner of this shard shows the segments of all organizations."""

Received = Sequence[tuple[int, bytes]]
"""Messages of one shard in their order: offsets and values."""


class Parts(NamedTuple):
    """What the work is done with. `in_force` reads what `definitions` have read."""

    group: str
    profiles: Profiles
    clocks: Clocks
    in_force: InForce
    definitions: DefinitionRows
    send: SendItems
    publish: Publish
    pins: Pins
    live: LiveSegments
    sources: SourceProgress
    feed: FeedProgress
    now_ms: Callable[[], int]
    close: Callable[[], None]


class Work:
    """`clock_max` is the moment beyond which nothing is evaluated, in ms since 1970.

    `first_round` is the moment of the first round that began after the start and was finished; None
    before.
    """

    def __init__(self, parts: Parts, clock_max: int | None) -> None:
        self._parts = parts
        self._clock_max = clock_max
        self._outlets = Outlets(self._publish, parts.pins.keep_lawful)
        self._rounds = Rounds(parts.sources, parts.feed, parts.now_ms)
        self._shards: dict[int, Shard] = {}
        self._next: dict[int, int] = {}
        self._moment: int | None = None
        self._left: list[int] = []
        self._finished: list[int] = []
        self._is_due = False
        self._began = 0.0
        self._learned = 0
        self.first_round: int | None = None

    def starts(
        self, committed: Mapping[int, int | None], bounds: Mapping[int, LogBounds]
    ) -> dict[int, int]:
        """Where to begin to read shards that were assigned: at the lower of checkpoint and commit.

        Forgets what was known of them, since another member may have worked on them. Raises Gap if
        the feed does not hold the offset.
        """
        self._parts.feed.check()
        # Which segments an item touches depends on them.
        self._read_definitions()
        clocks = self._parts.clocks.all()
        for shard in committed:
            self._open(shard, clocks[shard])
        found = {}
        for shard, commit in committed.items():
            start = clocks[shard].next
            if commit is not None and 0 <= commit < start:
                start = commit
            held = bounds[shard]
            # What is below the checkpoint is in the profiles, whatever the commit says.
            start = min(max(start, held.low), clocks[shard].next)
            if not held.low <= start <= held.high:
                raise self._gap(shard, start, held)
            found[shard] = start
        return found

    def _open(self, shard: int, clock: Clock) -> None:
        parts = self._parts
        self._next[shard] = clock.next
        opened = self._shards[shard] = Shard(
            shard,
            parts.profiles,
            parts.in_force,
            self._outlets,
            clock.clock,
            clock.backfill,
        )
        opened.new.learn(parts.definitions.changes)

    def take(self, received: Mapping[int, Received]) -> None:
        """Takes messages into profiles, and records how far.

        Messages that were taken before are skipped. So are those after a hole, which a rebalance
        may leave: they are read again.
        """
        following: dict[int, int] = {}
        new: dict[int, list[FeedMessage]] = {}
        for number, messages in received.items():
            if number not in self._shards:
                continue
            following[number] = self._next[number]
            for offset, value in messages:
                if offset == following[number]:
                    new.setdefault(number, []).append(unpack(value))
                    following[number] += 1
            if messages[-1][0] >= following[number]:
                log.warning(
                    "feed read out of order",
                    shard=number,
                    at=following[number],
                    read=messages[-1][0],
                )
        if not new:
            return
        parts, known = self._parts, self._next
        shards = [(self._shards[number], own) for number, own in new.items()]
        offsets = {number: (known[number], following[number]) for number in new}
        take(shards, parts.profiles, parts.send)
        parts.clocks.save_next(offsets)
        known.update(following)
        items = sum(len(message.items) for own in new.values() for message in own)
        ITEMS.labels(parts.group).inc(items)

    def step(self, owned: Collection[int]) -> bool:
        """The next piece of a round; false if there is nothing to do for now.

        `owned` are the shards that are assigned to this member.
        """
        if self._moment is None:
            self._read_definitions()
            self._moment = self._rounds.step()
            if self._moment is None:
                return False
            self._left = [number for number in owned if number in self._shards]
            self._finished = []
            self._is_due = True
            self._began = monotonic()
        clock = self._moment if self._clock_max is None else min(self._moment, self._clock_max)
        if self._is_due:
            self._is_due = self._evaluate_some(owned, clock)
            return True
        while self._left:
            number = self._left[-1]
            if number in owned and self._advance(self._shards[number]):
                return True
            self._finished += [number] if number in owned else []
            self._left.pop()
        self._finish_round(clock, self._moment)
        self._moment = None
        return False

    def _finish_round(self, clock: int, moment: int) -> None:
        clocks, group = self._parts.clocks, self._parts.group
        clocks.save_round(self._finished, clock, moment, self._rounds.source_ends)
        CLOCK.labels(group).set(clock / 1000)
        ROUND_SECONDS.labels(group).observe(monotonic() - self._began)
        if TELLING_SHARD in self._finished:
            known = self._parts.definitions.definitions
            self._parts.live.show(known.organizations(), clock)
        done = [one.backfill.done for one in clocks.all().values()]
        self._parts.definitions.show_progress(done)
        if self.first_round is None:
            self.first_round = moment

    def _publish(self, changes: Sequence[Mapping[str, Any]]) -> None:
        self._parts.publish(changes)
        for change in changes:
            CHANGES.labels(self._parts.group, change["reason"]).inc()

    def _read_definitions(self) -> None:
        definitions = self._parts.definitions
        definitions.read_new()
        if len(definitions.changes) > self._learned:
            for shard in self._shards.values():
                shard.new.learn(definitions.changes)
            self._learned = len(definitions.changes)

    def _evaluate_some(self, owned: Collection[int], clock: int) -> bool:
        """Evaluates some profiles of the round's shards; false once all are that were due."""
        self._left = [number for number in self._left if number in owned]
        shards = [self._shards[number] for number in self._left]
        for shard in shards:
            shard.clock = max(shard.clock, clock)
        return bool(shards) and evaluate_some(shards, self._parts.profiles, self._outlets, clock)

    def _advance(self, shard: Shard) -> bool:
        """Evaluates some profiles of a shard for new definitions, or copies some members of
        campaigns; false if there is nothing left of these."""
        if shard.backfill_some():
            self._parts.clocks.save_backfill(shard.number, shard.new.backfill)
            return True
        return self._parts.pins.copy_some(shard.number, shard.clock)

    def is_caught_up(self) -> bool:
        """Whether all shards, whoever owns them, have finished a round like the first one here."""
        if self.first_round is None:
            return False
        clocks = self._parts.clocks.all()
        return all(clock.round >= self.first_round for clock in clocks.values())

    def waiting(self, owned: Collection[int]) -> dict[int, int]:
        """The shards whose feed goes on, each with the offset it has reached: those of `owned`, or
        of all members if that is empty. Raises Gap if the feed no longer holds that offset."""
        self._parts.feed.check()
        reached, held = self._parts.clocks.all(), self._parts.feed.bounds()
        lag = sum(held[shard].high - reached[shard].next for shard in owned)
        FEED_LAG.labels(self._parts.group).set(max(0, lag))
        found = {}
        for shard, clock in reached.items():
            if clock.next < held[shard].high and (shard in owned or not owned):
                found[shard] = clock.next
                if clock.next < held[shard].low:
                    raise self._gap(shard, clock.next, held[shard])
        return found

    @staticmethod
    def _gap(shard: int, offset: int, held: LogBounds) -> Gap:
        return Gap(
            f"shard {shard} must continue at offset {offset} of its feed, which holds "
            f"{held.low} to {held.high}. {REMEDY}"
        )

    def close(self) -> None:
        """Closes all connections."""
        self._parts.close()
