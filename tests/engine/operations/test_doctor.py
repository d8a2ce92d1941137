"""What `daybook doctor` makes of what it reads."""

from datetime import UTC, datetime
from typing import Any

import pytest

import consumers
from daybook.engine.errors import DaybookError, FleetMismatch, Unavailable
from daybook.engine.kafka.offsets import Commit, LogBounds, metadata
from daybook.engine.operations.doctor import Finding, clock, examined, rights
from daybook.engine.operations.doctor_progress import Furthest, find_ahead, find_conflicts
from daybook.engine.operations.reached import Reached
from daybook.engine.partition import Partition

GROUP = consumers.find("revenue")
PLACE = Partition("t", "id", 0)
OWN = metadata("f", "id")


def reached(checkpoint: int | None, commit: int = -1, low: int = 0, high: int = 1_000) -> Reached:
    return Reached(PLACE, checkpoint, Commit(commit, OWN), LogBounds(low, high))


def ahead(offset: int, one: Reached) -> list[Finding]:
    furthest = {"analytics_revenue": {("id", 0): Furthest(offset, "2026-11-20")}}
    return list(find_ahead(GROUP, one, furthest, 200))


@pytest.mark.parametrize("offset", [99, 100, 299])
def test_a_document_may_be_ahead_by_what_is_counted_between_checkpoints(offset: int) -> None:
    assert ahead(offset, reached(checkpoint=100)) == []


def test_a_document_further_ahead_is_named_with_a_remedy() -> None:
    [found] = ahead(300, reached(checkpoint=100))
    assert "analytics_revenue 2026-11-20 has applied offset 300 of t[0]" in found.text
    assert "rebuild sc-analytics-revenue --all" in found.remedy


def test_a_document_beyond_the_end_of_the_log_is_named() -> None:
    assert ahead(999, reached(checkpoint=1_000)) == []
    assert ahead(1_000, reached(checkpoint=1_000))


def conflicts(one: Reached) -> list[str]:
    return [found.remedy for found in find_conflicts(GROUP, "f", one)]


def test_a_commit_above_the_checkpoint_shows_a_restored_database() -> None:
    assert conflicts(reached(checkpoint=100, commit=100)) == []
    assert conflicts(reached(checkpoint=100, commit=90)) == []
    [remedy] = conflicts(reached(checkpoint=100, commit=101))
    assert "start a member of sc-analytics-revenue" in remedy
    assert conflicts(reached(checkpoint=None, commit=5))


@pytest.mark.parametrize("checkpoint", [99, 1_001])
def test_a_checkpoint_outside_the_log_is_a_gap(checkpoint: int) -> None:
    [remedy] = conflicts(reached(checkpoint=checkpoint, low=100))
    assert "daybook reset" in remedy


def test_a_commit_of_another_fleet_is_refused() -> None:
    other = Reached(PLACE, 100, Commit(100, metadata("other", "id")), LogBounds(0, 1_000))
    with pytest.raises(FleetMismatch):
        list(find_conflicts(GROUP, "f", other))


@pytest.mark.parametrize(("there", "problem"), [(1_000, False), (1_006, True), (993, True)])
def test_a_clock_that_differs_is_a_problem(there: int, problem: bool) -> None:
    found = clock("redis", datetime.fromtimestamp(there, UTC), 1_000.0, 1_000.5)
    assert found.is_problem is problem


def user(database: str, *actions: str) -> dict[str, Any]:
    resource = {"db": database, "collection": ""}
    return {
        "authenticatedUsers": [{"user": "member"}],
        "authenticatedUserPrivileges": [{"resource": resource, "actions": list(actions)}],
    }


ALL = ("find", "insert", "update", "remove", "createIndex", "listIndexes")


@pytest.mark.parametrize("database", ["daybook", ""])
def test_a_user_who_may_read_and_write_the_database_has_all_rights(database: str) -> None:
    assert not rights(user(database, *ALL), "daybook").is_problem


@pytest.mark.parametrize("status", [user("daybook", "find"), user("other", *ALL)])
def test_missing_rights_are_named(status: dict[str, Any]) -> None:
    found = rights(status, "daybook")
    assert "insert" in found.text
    assert "readWrite" in found.remedy


def test_a_server_that_does_not_answer_is_told_from_a_problem() -> None:
    def fail(error: DaybookError) -> list[Finding]:
        raise error

    [away] = examined("kafka", "start it", lambda: fail(Unavailable("no answer")))
    [wrong] = examined("fleet", "start it", lambda: fail(FleetMismatch("another cluster")))
    assert (away.is_away, away.remedy) == (True, "start it")
    assert (wrong.is_away, wrong.is_problem) == (False, True)
