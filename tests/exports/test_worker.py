"""A worker that dies, stops, or finds a server away: each file is made once, and whole."""

import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from tests.exports.conftest import EXPORT, ORGANIZATION, TOPIC, Press, opened, order
from tests.exports.topic_events import is_caught_up, told_events
from tests.support.wait import until


@pytest.fixture(scope="module")
def press(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    with opened(servers, tmp_path_factory.mktemp("workers")) as own:
        own.folder.mkdir()
        yield own


@pytest.fixture(autouse=True)
def _nobody_works_on(press: Press) -> Iterator[None]:
    yield
    for member in press.world.members:
        if member.is_alive():
            member.kill()


def requested(**others: Any) -> tuple[str, dict[str, Any]]:
    """A job's id, and an event that asks for it."""
    job_id = str(uuid.uuid4())
    return job_id, {
        "event_id": str(uuid.uuid4()),
        "event_type": "export.requested",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": order(**others) | {"job_id": job_id},
    }


def publish(press: Press, job_id: str, *events: dict[str, Any]) -> None:
    press.world.publish([(job_id, json.dumps(event).encode()) for event in events], TOPIC)


def has_ended(press: Press, job_id: str, status: str = "completed") -> dict[str, Any]:
    found = press.world.documents["exports"]
    one = {"job_id": job_id, "status": status}
    until(lambda: found.find_one(one), f"{job_id} is {status}", 90)
    return press.stored(job_id)


def test_what_is_asked_for_again_is_not_made_again(press: Press) -> None:
    worker = press.worker()
    job_id, event = requested()
    publish(press, job_id, event)
    first = has_ended(press, job_id)
    publish(press, job_id, event, event | {"event_id": str(uuid.uuid4())})
    until(lambda: is_caught_up(press), "it has seen them")
    worker.end()
    assert press.stored(job_id) == first | {"is_told": True}
    assert worker.counted("duplicate") == 1


def test_what_is_no_request_is_a_dead_letter_and_the_next_file_is_made(press: Press) -> None:
    worker = press.worker()
    _, broken = requested()
    broken["data"]["format"] = "exe"
    job_id, good = requested()
    press.world.publish(
        [("x", b"{"), (broken["data"]["job_id"], json.dumps(broken).encode())], TOPIC
    )
    publish(press, job_id, good)
    has_ended(press, job_id)
    until(lambda: is_caught_up(press), "it has seen them")
    worker.end()
    letters = press.world.documents["_daybook_dead_letters"]
    assert sorted(each["reason"] for each in letters.find()) == ["invalid", "not_json"]


def test_a_job_that_ends_its_workers_is_given_up(press: Press) -> None:
    job_id, event = requested()
    worker = press.worker()
    publish(press, job_id, event)
    stored = has_ended(press, job_id)
    worker.end()
    exports = press.world.documents["exports"]
    again, event = requested()
    exports.insert_one(
        stored
        | {"_id": f"{ORGANIZATION}:{again}", "job_id": again, "status": "processing"}
        | {"attempt": 10, "is_told": False, "file": None, "expires_at": None, "ended_at": None}
    )
    publish(press, again, event)
    other = press.worker()
    failed = has_ended(press, again, "failed")
    assert "its worker ended 10 times" in failed["reason"]
    until(lambda: press.stored(again)["is_told"], "it was told")
    other.end()
    [told] = [each for each in told_events(press) if each["data"]["job_id"] == again]
    assert (told["event_type"], told["data"]["reason"]) == ("export.failed", failed["reason"])


def test_an_attempt_that_was_overtaken_changes_nothing(press: Press) -> None:
    job_id, event = requested()
    before = set(press.files())
    publish(press, job_id, event)
    slow = press.worker("after_file:1:STOP")
    exports = press.world.documents["exports"]

    frozen = psutil.Process(slow.pid)
    until(lambda: frozen.status() == psutil.STATUS_STOPPED, "its file is there, and it is frozen")
    [mine] = set(press.files()) - before
    exports.update_one({"job_id": job_id}, {"$inc": {"attempt": 1}})
    slow.thaw()
    until(lambda: mine not in press.files(), "it has taken its file away")
    assert press.stored(job_id)["file"] != mine


def test_expired_files_and_orphans_are_swept_at_start(press: Press) -> None:
    worker = press.worker()
    job_id, event = requested()
    publish(press, job_id, event)
    stored = has_ended(press, job_id)
    worker.end()
    now = datetime.now(UTC)
    exports = press.world.documents["exports"]
    exports.update_one({"job_id": job_id}, {"$set": {"expires_at": now - timedelta(seconds=1)}})
    long_ago = stored | {"_id": f"{ORGANIZATION}:old", "job_id": "old", "file": None}
    exports.insert_one(long_ago | {"ended_at": now - timedelta(days=31), "status": "expired"})
    orphan, fresh = press.folder / f"{'0' * 32}-1.csv", press.folder / f"{'1' * 32}-1.csv"
    strange = press.folder / "notes.txt"
    for path in (orphan, fresh, strange):
        path.write_text("x")
    yesterday = (now - timedelta(hours=25)).timestamp()
    for path in (orphan, strange):
        os.utime(path, (yesterday, yesterday))
    other = press.worker()
    until(lambda: press.stored(job_id)["status"] == "expired", "it is swept")
    until(lambda: not orphan.exists(), "the orphan is swept")
    until(lambda: exports.find_one({"job_id": "old"}) is None, "what is long ago is forgotten")
    other.end()
    assert not (press.folder / stored["file"]).exists()
    assert fresh.exists()
    assert strange.exists()
    assert press.stored(job_id)["file"] is None


def test_a_worker_says_how_it_is(press: Press) -> None:
    worker = press.worker()
    job_id, event = requested(format="json")
    publish(press, job_id, event)
    has_ended(press, job_id)
    assert worker.get("/live")[0] == 200
    until(lambda: worker.get("/ready")[0] == 200, "it is ready")
    until(lambda: worker.metric("daybook_exports_total") >= 1, "it has counted the file")
    worker.end()


def test_orders_are_refused_while_the_brokers_are_away(press: Press) -> None:
    away = {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DAYBOOK_QUERY_TIMEOUT_MS": "1000"}
    service = press.office.start(**press.variables, **away)
    reply = service.post(EXPORT, order(), press.service.key)
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
def test_a_setting_that_cannot_be_used_is_named(
    press: Press, variables: dict[str, str], named: str
) -> None:
    worker = press.worker(**variables)
    assert worker.wait(60) == 2
    assert named in worker.output()
