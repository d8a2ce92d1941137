"""What the demo ends with when several of its commands failed."""

from daybook.cli.demo.groups import worst


def test_a_difference_wins_over_what_could_not_be_recounted() -> None:
    assert worst([3, 1, 4]) == 1
    assert worst([4, 3]) == 4
