"""The recount of segments finds what two stages have worked out, whatever happened to them."""

import pytest

from tests.recount.segment.of_fleet import compared, recounting
from tests.segments.stage.test_histories import play


@pytest.mark.parametrize("seed", range(3))
def test_profiles_rows_and_changes_are_those_of_the_log(seed: int) -> None:
    for number in range(5):
        fleet = play(seed * 1_000 + number)
        with recounting() as replay:
            assert compared(fleet, replay) == [], (seed, number)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_old_versions_stand_as_they_were_published(seed: int) -> None:
    for number in range(5):
        fleet = play(seed * 1_000 + number, redefinitions=0.1)
        with recounting() as replay:
            found = [one for one in compared(fleet, replay) if not one.doubt]
            assert found == [], (seed, number)
