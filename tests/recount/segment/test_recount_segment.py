"""The recount of segments finds what two stages have worked out, whatever happened to them."""

import pytest

from tests.recount.segment.of_fleet import compared, recounting
from tests.segments.stage.test_histories import play


@pytest.mark.parametrize("seed", range(3))
def test_profiles_rows_and_changes_are_those_of_the_log(seed: int) -> None:
    for number in range(10):
        fleet = play(seed * 1_000 + number)
        with recounting() as replay:
            assert compared(fleet, replay) == [], (seed, number)
