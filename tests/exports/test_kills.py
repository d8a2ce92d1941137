"""A hundred files, the worker killed five times: each is there once, whole, and right."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.exports.conftest import Press, opened
from tests.exports.file_readers import (
    as_told,
    csv_rows,
    filled,
    json_body,
    numbers,
    pdf_text,
    xlsx_rows,
)
from tests.exports.topic_events import told_events
from tests.support.wait import until

KINDS = [
    ("overview", "csv"),
    ("conversions", "json"),
    ("dropoffs", "xlsx"),
    ("revenue", "csv"),
    ("events", "csv"),
    ("overview", "json"),
    ("conversions", "csv"),
    ("dropoffs", "json"),
    ("revenue", "pdf"),
    ("events", "json"),
]
KILLS = (
    "before_file:12", "after_file:14", "before_notice:16", "before_checkpoint:2", "before_commit:2",
)  # fmt: skip
FILES = 100


@pytest.fixture
def press(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    with opened(servers, tmp_path_factory.mktemp("kills")) as own:
        yield own


@pytest.mark.timeout(400)
def test_a_hundred_files_are_there_once_and_whole_through_five_kills(press: Press) -> None:
    asked = {
        press.ordered(report_type=report, format=form, include_pii=True): (report, form)
        for report, form in KINDS * (FILES // len(KINDS))
    }
    assert len(asked) == FILES
    for place in KILLS:
        doomed = press.worker(place)
        assert doomed.wait(120) == -signal.SIGKILL, doomed.output()
    last = press.worker()
    jobs = press.world.documents["exports"]
    until(lambda: jobs.count_documents({"is_told": True}) == FILES, "all are made", 120)
    last.end()
    stored = {job["job_id"]: job for job in jobs.find()}
    assert stored.keys() == asked.keys()
    assert {job["status"] for job in stored.values()} == {"completed"}
    assert press.files() == sorted(job["file"] for job in stored.values())
    assert list((press.folder / "unfinished").iterdir()) == []
    assert sum(job["attempt"] - 1 for job in stored.values()) >= 2
    for job_id, (report, form) in asked.items():
        made = (press.folder / stored[job_id]["file"]).read_bytes()
        assert len(made) == stored[job_id]["bytes"]
        is_right(press, report, form, made)
    told = told_events(press)
    assert {event["data"]["job_id"] for event in told} == asked.keys()
    assert len({event["event_id"] for event in told}) == FILES


def is_right(press: Press, report: str, form: str, made: bytes) -> None:
    """Equal to what the API tells."""
    if report == "events":
        rows = json_body(made)["events"] if form == "json" else csv_rows(made)["events"]
        assert len(rows) == events_of(press)
        return
    answer = answer_of(press, report)
    part = {"overview": "steps", "dropoffs": "drop_off_funnel"}.get(report, "by_step")
    match form:
        case "json":
            assert numbers(json_body(made)) == numbers(answer)
        case "csv":
            assert csv_rows(made)[part] == as_told(answer[part])
        case "xlsx":
            assert xlsx_rows(made)[part] == filled(answer[part])
        case _:
            assert f"{answer['summary']['total_revenue_cents']:,}" in pdf_text(made)


ANSWERS: dict[str, Any] = {}


def answer_of(press: Press, report: str) -> Any:
    if report not in ANSWERS:
        more = {"page_size": 200} if report == "conversions" else {}
        ANSWERS[report] = press.report(report, **more)
    return ANSWERS[report]


def events_of(press: Press) -> int:
    found = press.world.documents["funnel_sessions"].find(
        {"organization_id": "default", "funnel_id": "checkout"}
    )
    return sum(len(session["events"]) for session in found)
