"""What must be accepted so that a group can go on."""

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
def test_what_the_log_holds_needs_nothing(start: int) -> None:
    assert plan(HERE, start, start, LOG) is None


def test_deleted_before_it_was_counted() -> None:
    assert plan(HERE, 5, 5, LOG) == reset(5, 10, 5, 10)


def test_what_lies_between_commit_and_checkpoint_was_counted() -> None:
    assert plan(HERE, 7, 3, LOG) == reset(7, 10, 7, 10)


def test_only_the_commit_was_behind() -> None:
    found = plan(HERE, 60, 3, LOG)
    assert found == reset(60, 60, 60, 60)
    assert found and "nothing is missing" in describe(found)


@pytest.mark.parametrize("start", [120, 3])
def test_a_log_that_lost_its_tail_goes_on_at_its_end(start: int) -> None:
    """Offsets that were counted come again with other messages; documents refuse those."""
    found = plan(HERE, 120, start, LOG)
    assert found == reset(120, 100, 100, 120)
    assert found and "100 to 119 may not be counted" in describe(found)


def test_the_sentence_names_the_partition_and_the_offsets() -> None:
    assert describe(reset(5, 10, 5, 10)) == (
        "orders[3]: offsets 5 to 9 are not counted; continues at 10"
    )
