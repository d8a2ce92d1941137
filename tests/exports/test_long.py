"""A file that takes long, a worker that is told to stop, and MongoDB away meanwhile."""

import copy
from collections.abc import Iterator
from time import monotonic
from typing import Any

import psutil
import pytest

from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from tests.exports.conftest import ORGANIZATION, Press, opened
from tests.query.funnels.shop import documents
from tests.support.member import MemberProcess
from tests.support.wait import until

SESSIONS, EVENTS = 300, 500
MEMORY_BYTES_MAX = 64 * 2**20
"""A page of 50 sessions, twice; all 300 of them would take more than twice as much."""
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
def press(
    mongodb: MongoDB, servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Press]:
    """With 150,000 events, in a MongoDB that may be stopped."""
    own = servers | {"DAYBOOK_MONGODB_URI": mongodb.address}
    with opened(own, tmp_path_factory.mktemp("long")) as made:
        fill(made)
        yield made
        mongodb.start()


def fill(press: Press) -> None:
    like = next(s for s in documents("funnel_sessions") if s.get("conversions"))
    events = (like["events"] * EVENTS)[:EVENTS]
    named = {"organization_id": ORGANIZATION, "funnel_id": "long", "events": events}
    press.world.documents["funnels"].insert_one(
        {"_id": f"{ORGANIZATION}:long", "name": "Long", "steps": [], "versions": []} | named
    )
    press.world.documents["funnel_sessions"].insert_many(
        copy.copy(like) | named | {"_id": f"{ORGANIZATION}:{n:04d}:s:long", "visitor_id": f"v{n}"}
        for n in range(SESSIONS)
    )


def long_job(press: Press) -> str:
    return press.ordered(report_type="events", funnel_id="long", format="csv")


def is_writing(press: Press) -> bool:
    scratch = press.folder / "unfinished"
    return scratch.exists() and any(path.stat().st_size > 0 for path in scratch.iterdir())


def peak_bytes(worker: MemberProcess, press: Press, job_id: str) -> tuple[int, dict[str, Any]]:
    """The most memory that the worker had until the job has ended, beyond what it began with."""
    process = psutil.Process(worker.pid)
    began = most = process.memory_info().rss
    job: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal most, job
        most = max(most, process.memory_info().rss)
        job = press.look(job_id).json
        return bool(job["status"] != "processing")

    until(ended, "it has ended", 120)
    return most - began, job


def test_a_long_file_loses_no_assignment_and_needs_no_more_memory(press: Press) -> None:
    worker = press.worker(**IN_TIME)
    worker.wait_for("partition started")
    small = press.ended(press.ordered(report_type="events", format="csv"))
    assert small["status"] == "completed"
    job_id = long_job(press)
    began = monotonic()
    grown, job = peak_bytes(worker, press, job_id)
    took = monotonic() - began
    worker.end()
    assert job["status"] == "completed"
    assert job["rows"] == SESSIONS * EVENTS + 1
    assert took > 3, "make it longer: it is to outlast the poll interval"
    assert grown < MEMORY_BYTES_MAX
    assert press.stored(job_id)["attempt"] == 1
    assert worker.events("partitions lost") == worker.events("member failed") == []


def test_a_worker_that_is_stopped_leaves_the_file_to_another_one(press: Press) -> None:
    worker = press.worker(DAYBOOK_SHUTDOWN_GRACE_MS=str(GRACE_MS))
    job_id = long_job(press)
    until(lambda: is_writing(press), "it is being written")
    began = monotonic()
    worker.terminate()
    assert worker.wait(60) == 0, worker.output()
    assert monotonic() - began < GRACE_MS / 1_000 + GRACE_SPARE_SECONDS
    assert press.stored(job_id)["status"] == "processing"
    other = press.worker()
    job = press.ended(job_id, 120)
    other.end()
    assert (job["status"], job["rows"]) == ("completed", SESSIONS * EVENTS + 1)
    assert press.stored(job_id)["attempt"] == 2
    assert list((press.folder / "unfinished").iterdir()) == []


def test_mongodb_away_is_waited_for(press: Press, mongodb: MongoDB) -> None:
    worker = press.worker()
    job_id = long_job(press)
    until(lambda: is_writing(press), "it is being written")
    mongodb.kill()
    worker.wait_for("waiting for a server")
    assert worker.is_alive()
    mongodb.start()
    until(lambda: press.service.get("/ready", "").status == 200, "MongoDB is back")
    job = press.ended(job_id, 120)
    worker.end()
    assert (job["status"], job["rows"]) == ("completed", SESSIONS * EVENTS + 1)
    assert press.stored(job_id)["failures"] == 0
    assert press.stored(job_id)["attempt"] == 1
