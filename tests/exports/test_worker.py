"""Export workers: duplicates, dead letters, crashes, overtaken attempts, removal of old files."""

import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from daybook.exports.job_store import Jobs
from tests.exports.conftest import (
    EXPORT,
    ORGANIZATION,
    TOPIC,
    ExportServices,
    export_request,
    start_services,
)
from tests.exports.test_queue import job
from tests.exports.topic_events import end_events, is_caught_up
from tests.support.hostile import hostile_messages
from tests.support.wait import until


@pytest.fixture(scope="module")
def services(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    with start_services(servers, tmp_path_factory.mktemp("workers")) as services:
        services.folder.mkdir()
        yield services


@pytest.fixture(autouse=True)
def _kill_workers(services: ExportServices) -> Iterator[None]:
    yield
    for member in services.world.members:
        if member.is_alive():
            member.kill()


def request_event(**others: Any) -> tuple[str, dict[str, Any]]:
    """A job's id, and an event that requests it."""
    job_id = str(uuid.uuid4())
    return job_id, {
        "event_id": str(uuid.uuid4()),
        "event_type": "export.requested",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": export_request(**others) | {"job_id": job_id},
    }


def publish(services: ExportServices, job_id: str, *events: dict[str, Any]) -> None:
    services.world.publish([(job_id, json.dumps(event).encode()) for event in events], TOPIC)


def wait_for(services: ExportServices, job_id: str, status: str = "completed") -> dict[str, Any]:
    exports = services.world.documents["exports"]
    query = {"job_id": job_id, "status": status}
    until(lambda: exports.find_one(query), f"{job_id} is {status}", 90)
    return services.stored(job_id)


def test_a_repeated_request_makes_no_second_file(services: ExportServices) -> None:
    worker = services.worker()
    job_id, event = request_event()
    publish(services, job_id, event)
    first = wait_for(services, job_id)
    publish(services, job_id, event, event | {"event_id": str(uuid.uuid4())})
    until(lambda: is_caught_up(services), "the worker has read them")
    worker.end()
    assert services.stored(job_id) == first | {"is_told": True}
    assert worker.counted("duplicate") == 1


def test_an_organization_waits_for_no_more_than_a_file_of_another(
    services: ExportServices,
) -> None:
    """Whatever the order of the requests, all of which are queued before a worker starts."""
    queue, exports = Jobs(services.world.documents), services.world.documents["exports"]
    for number in range(12):
        queue.add(job("loud", number))
    queue.add(job("quiet", 99))
    worker = services.worker()
    by_loud_or_quiet = {"organization_id": {"$in": ["loud", "quiet"]}, "is_told": True}
    until(lambda: exports.count_documents(by_loud_or_quiet) == 13, "all files exist", 90)
    worker.end()
    first, second, *_ = exports.find(by_loud_or_quiet).sort("ended_at", 1)
    assert (first["organization_id"], second["organization_id"]) == ("loud", "quiet")


def test_an_invalid_request_becomes_a_dead_letter_and_the_next_job_runs(
    services: ExportServices,
) -> None:
    worker = services.worker()
    _, broken = request_event()
    broken["data"]["format"] = "exe"
    job_id, good = request_event()
    services.world.publish(
        [("x", b"{"), (broken["data"]["job_id"], json.dumps(broken).encode())], TOPIC
    )
    publish(services, job_id, good)
    wait_for(services, job_id)
    until(lambda: is_caught_up(services), "the worker has read them")
    worker.end()
    records = services.world.documents["_daybook_dead_letters"]
    assert sorted(record["reason"] for record in records.find()) == ["invalid", "not_json"]


def test_a_job_that_crashes_its_workers_fails_after_ten_attempts(
    services: ExportServices,
) -> None:
    job_id, event = request_event()
    worker = services.worker()
    publish(services, job_id, event)
    stored = wait_for(services, job_id)
    worker.end()
    exports = services.world.documents["exports"]
    again, event = request_event()
    exports.insert_one(
        stored
        | {"_id": f"{ORGANIZATION}:{again}", "job_id": again, "status": "processing"}
        | {"attempt": 10, "is_told": False, "file": None, "expires_at": None, "ended_at": None}
    )
    publish(services, again, event)
    other = services.worker()
    failed = wait_for(services, again, "failed")
    assert "the worker ended 10 times" in failed["reason"]
    until(lambda: services.stored(again)["is_told"], "the end is announced")
    other.end()
    [ended] = [event for event in end_events(services) if event["data"]["job_id"] == again]
    assert (ended["event_type"], ended["data"]["reason"]) == ("export.failed", failed["reason"])


def test_an_overtaken_attempt_changes_nothing(services: ExportServices) -> None:
    job_id, event = request_event()
    before = set(services.files())
    publish(services, job_id, event)
    slow = services.worker("after_file:1:STOP")
    exports = services.world.documents["exports"]

    frozen = psutil.Process(slow.pid)
    until(lambda: frozen.status() == psutil.STATUS_STOPPED, "its file is stored, and it is frozen")
    [file] = set(services.files()) - before
    exports.update_one({"job_id": job_id}, {"$inc": {"attempt": 1}})
    slow.thaw()
    until(lambda: file not in services.files(), "it has removed its file")
    assert services.stored(job_id)["file"] != file


def test_expired_files_orphans_and_old_jobs_are_removed_at_start(services: ExportServices) -> None:
    worker = services.worker()
    job_id, event = request_event()
    publish(services, job_id, event)
    stored = wait_for(services, job_id)
    worker.end()
    now = datetime.now(UTC)
    exports = services.world.documents["exports"]
    exports.update_one({"job_id": job_id}, {"$set": {"expires_at": now - timedelta(seconds=1)}})
    old_job = stored | {"_id": f"{ORGANIZATION}:old", "job_id": "old", "file": None}
    exports.insert_one(old_job | {"ended_at": now - timedelta(days=31), "status": "expired"})
    orphan, fresh = services.folder / f"{'0' * 32}-1.csv", services.folder / f"{'1' * 32}-1.csv"
    foreign = services.folder / "notes.txt"
    for path in (orphan, fresh, foreign):
        path.write_text("x")
    yesterday = (now - timedelta(hours=25)).timestamp()
    for path in (orphan, foreign):
        os.utime(path, (yesterday, yesterday))
    other = services.worker()
    until(lambda: services.stored(job_id)["status"] == "expired", "the job is expired")
    until(lambda: not orphan.exists(), "the orphan is removed")
    until(lambda: exports.find_one({"job_id": "old"}) is None, "the old job is deleted")
    other.end()
    assert not (services.folder / stored["file"]).exists()
    assert fresh.exists()
    assert foreign.exists()
    assert services.stored(job_id)["file"] is None


def test_a_worker_serves_probes_and_metrics(services: ExportServices) -> None:
    worker = services.worker()
    job_id, event = request_event(format="json")
    publish(services, job_id, event)
    wait_for(services, job_id)
    assert worker.get("/live")[0] == 200
    until(lambda: worker.get("/ready")[0] == 200, "it is ready")
    until(lambda: worker.metric("daybook_exports_total") >= 1, "it has counted the file")
    worker.end()


def test_requests_are_503_while_kafka_is_unavailable(services: ExportServices) -> None:
    unavailable = {
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DAYBOOK_QUERY_TIMEOUT_MS": "1000",
    }
    service = services.office.start(**services.variables, **unavailable)
    reply = service.post(EXPORT, export_request(), services.service.key)
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"DAYBOOK_EXPORTS_SECRET": "short"}, "DAYBOOK_EXPORTS_SECRET"),
        ({"DAYBOOK_EXPORTS_SECRET": ""}, "DAYBOOK_EXPORTS_SECRET"),
        ({"DAYBOOK_EXPORTS_WEBHOOK_URL": "http://example.com/"}, "DAYBOOK_EXPORTS_WEBHOOK_URL"),
        ({"DAYBOOK_EXPORTS_WEBHOOK_URL": "https://example.com/"}, "WEBHOOK_SECRET"),
        ({"DAYBOOK_EXPORTS_SMTP_URL": "ftp://example.com"}, "DAYBOOK_EXPORTS_SMTP_URL"),
        ({"DAYBOOK_EXPORTS_SMTP_URL": "smtp://127.0.0.1"}, "DAYBOOK_EXPORTS_MAIL_FROM"),
    ],
)
def test_the_error_names_a_wrong_setting(
    services: ExportServices, variables: dict[str, str], named: str
) -> None:
    worker = services.worker(**variables)
    assert worker.wait(60) == 2
    assert named in worker.output()


def test_no_message_ends_a_worker(services: ExportServices) -> None:
    worker = services.worker()
    services.world.publish(hostile_messages(TOPIC, 120), TOPIC)
    until(lambda: is_caught_up(services), "the worker has read them", 240)
    assert worker.is_alive()
    worker.end()
