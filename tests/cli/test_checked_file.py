"""A file is checked completely before any line is sent."""

import io
import json
from zoneinfo import ZoneInfo

from daybook.cli.support.checked_file import PRINTED_MAX, check_lines, keyed_lines
from daybook.cli.support.line_check import LineCheck
from daybook.engine.documents.calendar import Calendar
from schemas.catalogue import source
from tests.cli.test_line_check import NOW_MS, event

CHECK = LineCheck(source("sc.domain.order"), Calendar(ZoneInfo("UTC")), NOW_MS)


def ignore(done: int) -> None:
    pass


def order(number: int) -> bytes:
    return json.dumps(event(data={"order_id": f"o{number}", "refund_cents": 1})).encode()


def test_good_lines_get_their_keys_and_bad_lines_are_left_out() -> None:
    data = io.BytesIO(b"\n".join([order(1), b"bad", b"", order(2)]))
    keys = io.BytesIO()
    checked = check_lines(data, CHECK, keys, ignore)
    assert (checked.good, checked.bad) == (2, 1)
    (problem,) = checked.problems()
    assert problem.startswith("line 2: not_json")
    data.seek(0)
    keys.seek(0)
    assert list(keyed_lines(data, keys, ignore)) == [(order(1), b"o1"), (order(2), b"o2")]


def test_only_the_first_bad_lines_are_printed() -> None:
    checked = check_lines(io.BytesIO(b"bad\n" * 1_500), CHECK, io.BytesIO(), ignore)
    problems = list(checked.problems())
    assert len(problems) == PRINTED_MAX + 1
    assert problems[-1] == "and 1,480 more"
