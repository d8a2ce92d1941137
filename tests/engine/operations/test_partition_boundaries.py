"""When partitions may be added, and when a repeated attempt reuses a recorded boundary."""

from typing import Any

import pytest

from daybook.engine.operations.partition_boundaries import NotReady, check_caught_up, is_recorded

ENDS = {0: 10, 1: 20}


def boundary(before: int, to: int, ends: dict[int, int]) -> dict[str, Any]:
    named = {str(number): end for number, end in ends.items()}
    return {"partitions_before": before, "partitions": to, "ends": named}


def test_a_group_at_every_end_has_caught_up() -> None:
    check_caught_up("group", "orders", ENDS, {0: 10, 1: 20})


@pytest.mark.parametrize("reached", [{0: 10, 1: 19}, {0: 0, 1: 20}])
def test_a_group_that_lags_is_named_with_its_lag(reached: dict[int, int]) -> None:
    lag = sum(ENDS.values()) - sum(reached.values())
    with pytest.raises(NotReady, match=f"group has not counted {lag} messages of orders"):
        check_caught_up("group", "orders", ENDS, reached)


def test_a_repeated_attempt_does_not_record_its_boundary_twice() -> None:
    assert is_recorded([boundary(2, 4, ENDS)], 2, 4, ENDS)


@pytest.mark.parametrize(
    "known",
    [
        [],
        [boundary(2, 4, {0: 9, 1: 20})],
        [boundary(2, 3, ENDS)],
        [boundary(1, 2, {0: 5})],
        [boundary(2, 4, ENDS), boundary(2, 4, {0: 9, 1: 21})],
    ],
)
def test_any_other_attempt_records_its_own_boundary(known: list[dict[str, Any]]) -> None:
    """Messages counted since then are after the older boundary, so it must stay."""
    assert not is_recorded(known, 2, 4, ENDS)
