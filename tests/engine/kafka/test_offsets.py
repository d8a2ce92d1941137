"""Where a partition is started: never a silent reset."""

import pytest

from daybook.engine.errors import FleetMismatch, Gap
from daybook.engine.kafka.offsets import Commit, LogBounds, start_offset
from daybook.engine.partition import Partition

HERE = Partition("orders", "new-topic", 3)
NONE = Commit(-1001, None)
LOG = LogBounds(10, 100)


def start(checkpoint: int | None, commit: Commit = NONE, bounds: LogBounds = LOG) -> int:
    return start_offset(HERE, "fleet", checkpoint, commit, bounds)


def test_without_a_checkpoint_it_is_the_logs_start() -> None:
    assert start(None) == 10
    assert start(None, Commit(50, "fleet|new-topic")) == 10


def test_the_lower_of_checkpoint_and_commit_counts() -> None:
    assert start(60, Commit(50, "fleet|new-topic")) == 50
    assert start(60, Commit(70, "fleet|new-topic")) == 60


@pytest.mark.parametrize("metadata", ["fleet|old-topic", "", None])
def test_a_commit_that_does_not_name_this_topic_is_no_commit(metadata: str | None) -> None:
    assert start(60, Commit(50, metadata)) == 60


def test_offsets_that_are_lost_do_no_harm() -> None:
    assert start(60, NONE) == 60


def test_a_commit_of_another_fleet_is_refused() -> None:
    with pytest.raises(FleetMismatch, match="another fleet"):
        start(60, Commit(50, "stranger|new-topic"))


def test_what_was_deleted_before_it_was_counted_is_named() -> None:
    with pytest.raises(Gap, match=r"orders\[3\]: offsets 5 to 9 "):
        start(5)


def test_a_log_that_lost_its_tail_is_named() -> None:
    with pytest.raises(Gap, match="lost its tail"):
        start(101)
    assert start(100) == 100
