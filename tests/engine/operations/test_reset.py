"""What must be accepted so that a group can continue."""

import pytest

from daybook.cli.reset import describe
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.operations.reset import OffsetReset, plan
from daybook.engine.partition import Partition

HERE = Partition("orders", "id", 3)
LOG = LogBounds(10, 100)


def reset(checkpoint: int, restart: int, missed: int, counted_again: int) -> OffsetReset:
    return OffsetReset(HERE, checkpoint, restart, missed, counted_again)


@pytest.mark.parametrize("start", [10, 50, 100])
def test_an_offset_in_the_log_needs_no_reset(start: int) -> None:
    assert plan(HERE, start, start, LOG) is None


def test_offsets_deleted_before_they_were_counted_are_missed() -> None:
    assert plan(HERE, 5, 5, LOG) == reset(5, 10, 5, 10)


def test_offsets_between_commit_and_checkpoint_are_not_missed() -> None:
    assert plan(HERE, 7, 3, LOG) == reset(7, 10, 7, 10)


def test_a_late_commit_alone_misses_nothing() -> None:
    found = plan(HERE, 60, 3, LOG)
    assert found == reset(60, 60, 60, 60)
    assert found and "nothing is missing" in describe(found)


@pytest.mark.parametrize("start", [120, 3])
def test_after_a_lost_tail_counting_continues_at_the_end_of_the_log(start: int) -> None:
    """Offsets that were counted are used again for other messages, which documents refuse."""
    found = plan(HERE, 120, start, LOG)
    assert found == reset(120, 100, 100, 120)
    assert found and "100 to 119 may not be counted" in describe(found)


def test_the_description_names_the_partition_and_the_offsets() -> None:
    assert describe(reset(5, 10, 5, 10)) == (
        "orders[3]: offsets 5 to 9 are not counted; continues at 10"
    )
