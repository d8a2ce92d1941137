"""A member's memory is compared with the database before anything is written."""

from unittest.mock import Mock

import pytest

from daybook.engine.errors import StartAgain, Unavailable
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.continuity import Continuity
from daybook.engine.partition import Partition


def assigned(durable: int, saved: int | None, number: int = 0) -> AssignedPartition:
    place = Partition("t", "id", number)
    return AssignedPartition(
        place, Mock(), Mock(), first=0, durable=durable, read=durable, saved=saved
    )


def continuity(*stored: dict[tuple[str, int], int] | None) -> Continuity:
    checkpoints = Mock()
    checkpoints.stored.side_effect = stored
    return Continuity("f", checkpoints, Mock())


@pytest.mark.parametrize("stored", [{("id", 0): 99}, {}], ids=["lower", "gone"])
def test_a_checkpoint_below_the_last_one_written_is_noticed(
    stored: dict[tuple[str, int], int],
) -> None:
    with pytest.raises(StartAgain):
        continuity(stored).check([assigned(durable=150, saved=100)])


def test_effects_that_no_checkpoint_covers_yet_are_normal() -> None:
    continuity({("id", 0): 100}).check([assigned(durable=150, saved=100)])


def test_a_checkpoint_of_a_later_owner_is_normal() -> None:
    continuity({("id", 0): 300}).check([assigned(durable=150, saved=100)])


def test_a_partition_without_a_checkpoint_gets_one_before_it_is_counted() -> None:
    checkpoints, new = Mock(), assigned(durable=7, saved=None)
    saved = []
    checkpoints.save.side_effect = lambda given: saved.extend(given)
    checkpoints.stored.return_value = {("id", 0): 7}
    Continuity("f", checkpoints, Mock()).check([new])
    assert [one.offset for one in saved] == [7]
    assert new.saved == 7


def test_members_wait_while_the_fleets_record_is_missing_and_then_start_again() -> None:
    one = [assigned(durable=100, saved=100)]
    own = continuity(None, {("id", 0): 100}, {("id", 0): 100})
    with pytest.raises(Unavailable, match="being restored"):
        own.check(one)
    with pytest.raises(StartAgain):
        own.check(one)
    own.check(one)


def test_what_the_stored_checkpoints_do_not_cover_is_ahead() -> None:
    covered, ahead = assigned(100, 100), assigned(150, 100, number=1)
    begun = assigned(100, 100, number=2)
    begun.batch = Mock()
    stored = {("id", number): 100 for number in range(3)}
    assert continuity(stored).ahead([covered, ahead, begun]) == [ahead, begun]
