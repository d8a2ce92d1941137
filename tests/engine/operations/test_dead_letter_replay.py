"""Which ranges of the log a replay searches for copies sent by an earlier one that died."""

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


def record(**fields: Any) -> DeadLetterRecord:
    return replace(WAITING, **fields)


def replaying(replay_from: int, **fields: Any) -> DeadLetterRecord:
    return record(replayed="replaying", replay_from=replay_from, replay_topic_id="id", **fields)


def test_each_partition_is_searched_from_its_earliest_replay() -> None:
    interrupted = [replaying(60), replaying(40), replaying(50, partition=1)]
    assert search_ranges(interrupted, "id", BOUNDS) == {
        ("orders", 0): LogBounds(40, 100),
        ("orders", 1): LogBounds(50, 50),
    }


@pytest.mark.parametrize(
    "lost",
    [replaying(9), replaying(101), replaying(60, partition=2)],
    ids=["deleted", "tail lost", "no partition"],
)
def test_nothing_is_sent_if_the_log_lacks_the_range(lost: DeadLetterRecord) -> None:
    with pytest.raises(DaybookError, match="no longer shows"):
        search_ranges([lost], "id", BOUNDS)


def test_a_recreated_topic_lacks_the_range() -> None:
    with pytest.raises(DaybookError, match="no longer shows"):
        search_ranges([replaying(60)], "another", BOUNDS)


def test_a_record_has_a_position_and_an_origin() -> None:
    assert record().position == "0:7"
    assert record().origin == "id:0:7"


@pytest.mark.parametrize(
    ("offset", "partition", "before"), [(6, 0, True), (7, 0, False), (0, 4, False)]
)
def test_a_record_may_be_from_before_partitions_were_added(
    offset: int, partition: int, before: bool
) -> None:
    boundaries = ({0: 5}, {0: 7})
    assert is_before_boundary(record(offset=offset, partition=partition), boundaries) is before
    assert not is_before_boundary(record(), ())
