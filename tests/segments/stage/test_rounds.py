"""The clock moves only when every shard holds what happened up to it."""

from collections.abc import Hashable

from daybook.segments.stage.rounds import MARGIN_MS, Rounds


class Topic:
    """A topic of two partitions; a test says how far it is written and read."""

    def __init__(self) -> None:
        self.written: dict[Hashable, int] = {0: 0, 1: 0}
        self.read: dict[Hashable, int] = {}

    def ends(self) -> dict[Hashable, int]:
        return dict(self.written)

    def reached(self) -> dict[Hashable, int]:
        return self.read


class Clocks:
    def __init__(self) -> None:
        self.sources, self.feed, self.now_ms = Topic(), Topic(), 5_000
        self.rounds = Rounds(self.sources, self.feed, lambda: self.now_ms)


def test_of_empty_topics_the_clock_is_the_time_less_a_margin() -> None:
    assert Clocks().rounds.step() == 5_000 - MARGIN_MS


def test_a_round_waits_for_the_sources_and_twice_for_the_feed() -> None:
    here = Clocks()
    here.sources.written = {0: 9, 1: 4}
    here.sources.read = {0: 9, 1: 3}
    assert here.rounds.step() is None
    here.now_ms = 6_000
    here.sources.written, here.sources.read = {0: 99, 1: 99}, {0: 9, 1: 4}
    here.feed.written = {0: 2, 1: 0}
    assert here.rounds.step() is None
    here.feed.written, here.feed.read = {0: 2, 1: 1}, {0: 2}
    assert here.rounds.step() is None
    here.feed.written, here.feed.read = {0: 50, 1: 50}, {0: 2, 1: 1}
    assert here.rounds.step() == 5_000 - MARGIN_MS
    assert here.rounds.step() is None
    here.sources.read, here.feed.read = {0: 99, 1: 99}, {0: 50, 1: 50}
    assert here.rounds.step() == 6_000 - MARGIN_MS


def test_time_stands_still_while_a_partition_of_a_source_is_not_read() -> None:
    here = Clocks()
    here.sources.written, here.sources.read = {0: 9, 1: 4}, {0: 9}
    for _ in range(3):
        here.now_ms += 1_000
        assert here.rounds.step() is None


def test_time_stands_still_while_a_shard_has_no_owner() -> None:
    here = Clocks()
    here.feed.written, here.feed.read = {0: 5, 1: 1}, {0: 500}
    for _ in range(3):
        here.now_ms += 1_000
        assert here.rounds.step() is None
