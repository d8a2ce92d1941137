"""The demo's exit code if several of its commands fail."""

from daybook.cli.demo.groups import worst


def test_a_difference_wins_over_documents_that_could_not_be_recounted() -> None:
    assert worst([3, 1, 4]) == 1
    assert worst([4, 3]) == 4
