"""When a number cannot be recounted, and why."""

from typing import Any

import pytest

from daybook.recount.compare.coverage import Coverage
from daybook.recount.log.topic import Topic
from daybook.recount.progress import Gap, Progress
from daybook.recount.recounted import Marks, marks

NOW, OLD = "nownownownownownownowno", "oldoldoldoldoldoldoldol"


def coverage(
    *,
    start: int = 0,
    first: int = 0,
    next_offset: int = 1_000,
    end: int = 1_000,
    gaps: tuple[Gap, ...] = (),
    older: bool = False,
    state: bool = False,
) -> Coverage:
    """Coverage of partition 0 of a topic, counted from `first` to before `next_offset`."""
    firsts = {(NOW, 0): first} | ({(OLD, 0): 0} if older else {})
    reach = {(NOW, 0): next_offset - 1}
    progress = Progress({(NOW, 0): next_offset}, firsts)
    return Coverage(Topic("t", NOW, {0: start}, {0: end}), progress, gaps, reach, 100, state)


GAP = Gap("t", NOW, 0, 300, 400)


@pytest.mark.parametrize(
    ("found", "applied", "first", "reason"),
    [
        (coverage(), 999, 0, None),
        (coverage(state=True), 999, 0, None),
        (coverage(start=50, first=50), 999, 50, None),
        (coverage(start=50), 999, 149, "complete only from offset 150"),
        (coverage(start=50), 999, 150, None),
        (coverage(start=50, state=True), 999, 900, "state depends on a lost part"),
        (coverage(gaps=(GAP,)), 999, 299, "complete only from offset 500"),
        (coverage(gaps=(GAP,)), 999, 500, None),
        (coverage(gaps=(GAP,), state=True), 999, 500, "state depends on a lost part"),
        (coverage(end=900), 900, 0, "has counted offset 900, but the log ends below it"),
        (coverage(end=900), 899, 0, None),
        (coverage(older=True), 999, 0, None),
        (coverage(older=True, state=True), 999, 0, "earlier incarnation"),
    ],
)
def test_a_document_is_recounted_only_from_a_complete_log(
    found: Coverage, applied: int, first: int, reason: str | None
) -> None:
    reason_found = found.document_doubt({(NOW, 0): applied}, {(NOW, 0): first})
    assert reason_found is None if reason is None else reason in str(reason_found)


def test_a_document_of_an_earlier_incarnation_cannot_be_recounted() -> None:
    reason_found = coverage().document_doubt({(OLD, 0): 1, (NOW, 0): 5}, {(OLD, 0): 0, (NOW, 0): 0})
    assert "earlier incarnation" in str(reason_found)


def test_an_absent_document_is_as_certain_as_its_effects() -> None:
    found = coverage(start=50)
    assert found.document_doubt({}, {(NOW, 0): 150}, [(NOW, 0)]) is None
    assert found.document_doubt({}, {(NOW, 0): 149}, [(NOW, 0)]) is not None


@pytest.mark.parametrize(
    ("found", "of_all", "of_some"),
    [
        (coverage(), 0, 0),
        (coverage(gaps=(GAP,)), 1, 1),
        (coverage(end=900), 1, 1),
        (coverage(start=50), 1, 0),
        (coverage(older=True), 1, 0),
        (coverage(older=True, state=True), 1, 1),
        (coverage(start=50, first=50), 0, 0),
    ],
)
def test_a_lost_part_of_the_log_puts_all_days_in_doubt(
    found: Coverage, of_all: int, of_some: int
) -> None:
    assert len(found.group_doubts(all_days=True)) == of_all
    assert len(found.group_doubts(all_days=False)) == of_some


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"applied": {NOW: {"0": 5, "11": 7}}}, {(NOW, 0): 5, (NOW, 11): 7}),
        ({"applied": {NOW: {"0": "5", "x": 1}}}, {}),
        ({"applied": {NOW: 5}}, {}),
        ({"applied": 5}, {}),
        ({}, {}),
        (None, {}),
    ],
)
def test_malformed_watermarks_are_ignored(own: Any, found: Marks) -> None:
    assert marks({"_daybook": own}, "applied") == found
