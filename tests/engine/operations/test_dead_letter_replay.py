"""Where the copy of a dead letter would stand, if the replay that died had sent it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, is_before_boundary
from daybook.engine.operations.dead_letter_replay import search_ranges

AT = datetime(2026, 11, 20, tzinfo=UTC)
BOUNDS = {("orders", 0): LogBounds(10, 100), ("orders", 1): LogBounds(0, 50)}


WAITING = DeadLetterRecord(
    id="group:id:0:7",
    group="group",
    topic="orders",
    topic_id="id",
    partition=0,
    offset=7,
    reason="invalid",
    detail="",
    at=AT,
    replayed=None,
    replayed_at=None,
    replay_from=None,
    replay_topic_id=None,
)


def letter(**fields: Any) -> DeadLetterRecord:
    return replace(WAITING, **fields)


def replaying(replay_from: int, **fields: Any) -> DeadLetterRecord:
    return letter(replayed="replaying", replay_from=replay_from, replay_topic_id="id", **fields)


def test_each_partition_is_searched_from_its_earliest_replay() -> None:
    begun = [replaying(60), replaying(40), replaying(50, partition=1)]
    assert search_ranges(begun, "id", BOUNDS) == {
        ("orders", 0): LogBounds(40, 100),
        ("orders", 1): LogBounds(50, 50),
    }


@pytest.mark.parametrize(
    "lost",
    [replaying(9), replaying(101), replaying(60, partition=2)],
    ids=["deleted", "tail lost", "no partition"],
)
def test_when_the_log_cannot_tell_nothing_is_sent(lost: DeadLetterRecord) -> None:
    with pytest.raises(DaybookError, match="no longer tells"):
        search_ranges([lost], "id", BOUNDS)


def test_a_topic_made_again_cannot_tell() -> None:
    with pytest.raises(DaybookError, match="no longer tells"):
        search_ranges([replaying(60)], "another", BOUNDS)


def test_a_letter_names_its_place_for_people_and_for_its_copy() -> None:
    assert letter().position == "0:7"
    assert letter().origin == "id:0:7"


@pytest.mark.parametrize(
    ("offset", "partition", "before"), [(6, 0, True), (7, 0, False), (0, 4, False)]
)
def test_a_letter_from_before_partitions_were_added(
    offset: int, partition: int, before: bool
) -> None:
    boundaries = ({0: 5}, {0: 7})
    assert is_before_boundary(letter(offset=offset, partition=partition), boundaries) is before
    assert not is_before_boundary(letter(), ())
