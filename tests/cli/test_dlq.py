"""`daybook dlq exclude` asks for what it needs before it changes anything."""

import pytest
from typer.testing import CliRunner

from daybook.cli.main import app

EXCLUDE = ("dlq", "exclude")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("sc.domain.user", "0", "5", "--group", "user-lifecycle"), "--never-counted"),
        (("sc.domain.user", "0", "5", "--never-counted"), "user-lifecycle, segment"),
        (("sc.domain.order", "0", "5", "--never-counted"), "order-funnel, revenue"),
        (("sc.domain.order", "0", "5", "--never-counted", "--group", "funnel-step"), "revenue"),
    ],
)
def test_an_exclusion_that_is_not_complete_is_refused(arguments: list[str], named: str) -> None:
    result = CliRunner().invoke(app, [*EXCLUDE, *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert named in result.output


def test_the_help_teaches_when_and_how_to_exclude() -> None:
    text = CliRunner().invoke(app, [*EXCLUDE, "--help"], env={"COLUMNS": "200"}).output
    for words in ("MongoDB refuses", "Stop the group's members", "daybook verify", "Example:"):
        assert words in text
