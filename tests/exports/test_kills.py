"""A hundred files while workers are killed five times: each exists once, complete and correct."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.exports.conftest import ExportServices, start_services
from tests.exports.file_readers import (
    as_rows,
    as_text,
    csv_rows,
    json_body,
    numbers,
    pdf_text,
    xlsx_rows,
)
from tests.exports.topic_events import end_events
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
    "before_checkpoint:1", "before_commit:1", "before_file:12", "after_file:14", "before_notice:16",
)  # fmt: skip
FILES = 100


@pytest.fixture
def services(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    with start_services(servers, tmp_path_factory.mktemp("kills")) as services:
        yield services


@pytest.mark.timeout(400)
def test_a_hundred_files_exist_once_and_complete_after_five_kills(
    services: ExportServices,
) -> None:
    requested = {
        services.request_job(report_type=report, format=form, include_pii=True): (report, form)
        for report, form in KINDS * (FILES // len(KINDS))
    }
    assert len(requested) == FILES
    for failpoint in KILLS:
        worker = services.worker(failpoint)
        assert worker.wait(120) == -signal.SIGKILL, worker.output()
    last = services.worker()
    jobs = services.world.documents["exports"]
    until(lambda: jobs.count_documents({"is_told": True}) == FILES, "all jobs have ended", 120)
    last.end()
    stored = {job["job_id"]: job for job in jobs.find()}
    assert stored.keys() == requested.keys()
    assert {job["status"] for job in stored.values()} == {"completed"}
    assert services.files() == sorted(job["file"] for job in stored.values())
    assert list((services.folder / "unfinished").iterdir()) == []
    assert sum(job["attempt"] - 1 for job in stored.values()) >= 2
    for job_id, (report, form) in requested.items():
        file = (services.folder / stored[job_id]["file"]).read_bytes()
        assert len(file) == stored[job_id]["bytes"]
        assert_equals_report(services, report, form, file)
    events = end_events(services)
    assert {event["data"]["job_id"] for event in events} == requested.keys()
    assert len({event["event_id"] for event in events}) == FILES


def assert_equals_report(services: ExportServices, name: str, form: str, file: bytes) -> None:
    """Compares a file with the query service's report."""
    if name == "events":
        rows = json_body(file)["events"] if form == "json" else csv_rows(file)["events"]
        assert len(rows) == stored_events(services)
        return
    report = cached_report(services, name)
    part = {"overview": "steps", "dropoffs": "drop_off_funnel"}.get(name, "by_step")
    match form:
        case "json":
            assert numbers(json_body(file)) == numbers(report)
        case "csv":
            assert csv_rows(file)[part] == as_text(report[part])
        case "xlsx":
            assert xlsx_rows(file)[part] == as_rows(report[part])
        case _:
            revenue = report["summary"]["total_revenue_cents"]
            assert f"{report['currency']} {revenue / 100:,.2f}" in pdf_text(file)


REPORTS: dict[str, Any] = {}


def cached_report(services: ExportServices, name: str) -> Any:
    if name not in REPORTS:
        parameters = {"page_size": 200} if name == "conversions" else {}
        REPORTS[name] = services.report(name, **parameters)
    return REPORTS[name]


def stored_events(services: ExportServices) -> int:
    sessions = services.world.documents["funnel_sessions"].find(
        {"organization_id": "default", "funnel_id": "checkout"}
    )
    return sum(len(session["events"]) for session in sessions)
