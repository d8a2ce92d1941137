"""A long-running export: no rebalance, bounded memory, a stopped worker, MongoDB unavailable."""

import copy
from collections.abc import Iterator
from time import monotonic
from typing import Any

import psutil
import pytest

from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from tests.exports.conftest import ORGANIZATION, ExportServices, start_services
from tests.query.funnels.shop import documents
from tests.support.member import MemberProcess
from tests.support.wait import until

SESSIONS, EVENTS = 600, 500
MEMORY_BYTES_MAX = 64 * 2**20
"""Enough for two pages of 50 sessions; all 300 sessions would need more than twice as much."""
GRACE_MS, GRACE_SPARE_SECONDS = 500, 10
IN_TIME = {"DAYBOOK_KAFKA_MAX_POLL_INTERVAL_MS": "3000"}


@pytest.fixture(scope="module")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoDB]:
    server = MongoDB(tmp_path_factory.mktemp("mongodb"), free_ports(1)[0])
    server.start()
    yield server
    server.kill()
    server.wipe()


@pytest.fixture(scope="module")
def services(
    mongodb: MongoDB, servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    """With 150,000 events, in a MongoDB that tests may stop."""
    variables = servers | {"DAYBOOK_MONGODB_URI": mongodb.address}
    with start_services(variables, tmp_path_factory.mktemp("long")) as services:
        insert_events(services)
        yield services
        mongodb.start()


def insert_events(services: ExportServices) -> None:
    template = next(s for s in documents("funnel_sessions") if s.get("conversions"))
    events = (template["events"] * EVENTS)[:EVENTS]
    fields = {"organization_id": ORGANIZATION, "funnel_id": "long", "events": events}
    services.world.documents["funnels"].insert_one(
        {"_id": f"{ORGANIZATION}:long", "name": "Long", "steps": [], "versions": []} | fields
    )
    services.world.documents["funnel_sessions"].insert_many(
        copy.copy(template)
        | fields
        | {"_id": f"{ORGANIZATION}:{n:04d}:s:long", "visitor_id": f"v{n}"}
        for n in range(SESSIONS)
    )


def long_job(services: ExportServices) -> str:
    return services.request_job(report_type="events", funnel_id="long", format="csv")


def is_writing(services: ExportServices) -> bool:
    scratch = services.folder / "unfinished"
    return scratch.exists() and any(path.stat().st_size > 0 for path in scratch.iterdir())


def peak_bytes(
    worker: MemberProcess, services: ExportServices, job_id: str
) -> tuple[int, dict[str, Any]]:
    """The maximum growth of the worker's memory until the job ends, and the job."""
    process = psutil.Process(worker.pid)
    before = peak = process.memory_info().rss
    job: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal peak, job
        peak = max(peak, process.memory_info().rss)
        job = services.status(job_id).json
        return bool(job["status"] != "processing")

    until(ended, "the job has ended", 120)
    return peak - before, job


def test_a_long_job_loses_no_assignment_and_needs_bounded_memory(
    services: ExportServices,
) -> None:
    worker = services.worker(**IN_TIME)
    worker.wait_for("partition started")
    small = services.wait_for_job(services.request_job(report_type="events", format="csv"))
    assert small["status"] == "completed"
    job_id = long_job(services)
    began = monotonic()
    growth, job = peak_bytes(worker, services, job_id)
    took = monotonic() - began
    worker.end()
    assert job["status"] == "completed"
    assert job["rows"] == SESSIONS * EVENTS + 1
    assert took > 3, "the job must take longer than the poll interval: add events"
    assert growth < MEMORY_BYTES_MAX
    assert services.stored(job_id)["attempt"] == 1
    assert worker.events("partitions lost") == worker.events("member failed") == []


def test_a_stopped_worker_leaves_its_job_to_another_one(services: ExportServices) -> None:
    worker = services.worker(DAYBOOK_SHUTDOWN_GRACE_MS=str(GRACE_MS))
    job_id = long_job(services)
    until(lambda: is_writing(services), "the file is being written")
    began = monotonic()
    worker.terminate()
    assert worker.wait(60) == 0, worker.output()
    assert monotonic() - began < GRACE_MS / 1_000 + GRACE_SPARE_SECONDS
    assert services.stored(job_id)["status"] == "processing"
    other = services.worker()
    job = services.wait_for_job(job_id, 120)
    other.end()
    assert (job["status"], job["rows"]) == ("completed", SESSIONS * EVENTS + 1)
    assert services.stored(job_id)["attempt"] == 2
    assert list((services.folder / "unfinished").iterdir()) == []


def test_a_worker_waits_for_mongodb_and_continues(
    services: ExportServices, mongodb: MongoDB
) -> None:
    worker = services.worker()
    job_id = long_job(services)
    until(lambda: is_writing(services), "the file is being written")
    mongodb.kill()
    worker.wait_for("waiting for a server")
    assert worker.is_alive()
    mongodb.start()
    until(lambda: services.service.get("/ready", "").status == 200, "MongoDB is back")
    job = services.wait_for_job(job_id, 120)
    worker.end()
    assert (job["status"], job["rows"]) == ("completed", SESSIONS * EVENTS + 1)
    assert services.stored(job_id)["failures"] == 0
    assert services.stored(job_id)["attempt"] == 1
