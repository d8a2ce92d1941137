"""What is in the files: the numbers that the API tells, in each form."""

import csv
import io
from collections.abc import Iterator

import pytest

from tests.exports.conftest import Press
from tests.support.members import MemberProcess


@pytest.fixture(scope="module", autouse=True)
def worker(press: Press) -> Iterator[MemberProcess]:
    own = press.worker()
    yield own
    own.end()


def rows_of(made: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.decode())))


def test_a_csv_has_the_apis_numbers(press: Press) -> None:
    rows = rows_of(press.made())
    answer = press.report("overview")
    [own] = [row for row in rows if row["table"] == "report"]
    assert own["visitors.total"] == str(answer["visitors"]["total"])
    steps = [row for row in rows if row["table"] == "steps"]
    assert [row["step_id"] for row in steps] == [step["step_id"] for step in answer["steps"]]
    assert [int(row["entries"]) for row in steps] == [step["entries"] for step in answer["steps"]]
