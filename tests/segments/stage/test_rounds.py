"""The clock moves only when every shard holds what was read up to it."""

from daybook.segments.stage.rounds import Rounds


class Feed:
    def __init__(self, **ends: int) -> None:
        self.ends = {int(shard[1:]): end for shard, end in ends.items()}
        self.asked = 0

    def __call__(self) -> dict[int, int]:
        self.asked += 1
        return dict(self.ends)


def test_a_clock_is_adopted_when_the_feed_is_taken_twice() -> None:
    rounds, feed = Rounds(), Feed(s0=5, s1=7)
    assert rounds.step(1_000, feed, {0: 5, 1: 6}) is None
    feed.ends = {0: 6, 1: 7}
    assert rounds.step(2_000, feed, {0: 5, 1: 7}) is None
    assert feed.asked == 2
    assert rounds.step(3_000, feed, {0: 6, 1: 7}) == 1_000
    assert rounds.step(3_000, feed, {0: 6, 1: 7}) == 3_000


def test_what_comes_later_does_not_hold_a_round_up() -> None:
    rounds, feed = Rounds(), Feed(s0=5)
    assert rounds.step(1_000, feed, {0: 4}) is None
    feed.ends = {0: 500}
    assert rounds.step(2_000, feed, {0: 5}) is None
    assert rounds.step(2_000, feed, {0: 499}) is None
    feed.ends = {0: 9_000}
    assert rounds.step(2_000, feed, {0: 500}) == 1_000


def test_time_stands_still_while_a_partition_was_never_read() -> None:
    rounds, feed = Rounds(), Feed(s0=0)
    assert rounds.step(None, feed, {}) is None
    assert feed.asked == 0
    assert rounds.step(1_000, feed, {}) == 1_000


def test_time_stands_still_while_a_shard_has_no_owner() -> None:
    rounds, feed = Rounds(), Feed(s0=5, s1=1)
    assert rounds.step(1_000, feed, {0: 5}) is None
    assert rounds.step(9_000, feed, {0: 500}) is None
    assert rounds.step(9_000, feed, {0: 500, 1: 1}) == 1_000
