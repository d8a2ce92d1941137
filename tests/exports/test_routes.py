"""The routes for requesting exports, reading their status, and downloading files."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from daybook.engine.settings import Settings
from daybook.query.examples import example
from daybook.query.exports import job_id as job_ids
from daybook.query.exports.request import ExportRequest
from daybook.query.exports.secret import Secret
from daybook.query.exports.signed_link import link
from tests.exports.conftest import EXPORT, ORGANIZATION, SECRET, ExportServices, export_request
from tests.support.wait import until

OWN = Secret(Settings(exports_secret=SecretStr(SECRET)))
FOREIGN = Secret(Settings(exports_secret=SecretStr(SECRET[::-1])))


@pytest.fixture(scope="module")
def done(services: ExportServices) -> dict[str, Any]:
    """A completed job."""
    job = services.wait_for_job(services.request_job())
    assert job["status"] == "completed", job
    return job


def test_a_request_is_answered_with_a_job(services: ExportServices) -> None:
    before = datetime.now(UTC)
    reply = services.request()
    assert reply.status == 202
    body = reply.json
    assert body.keys() == {"job_id", "status", "estimated_completion"}
    assert body.keys() == example("export-accepted").keys()
    assert ExportRequest.model_validate(example("export-order")).report_type == "overview"
    assert str(uuid.UUID(body["job_id"])) == body["job_id"]
    assert body["status"] == "processing"
    assert datetime.fromisoformat(body["estimated_completion"]) > before


def test_a_completed_job_has_a_download_link(done: dict[str, Any]) -> None:
    assert done["rows"] > 5
    assert done["bytes"] > 500
    assert (done["report_type"], done["format"], done["reason"]) == ("overview", "csv", None)
    assert done.keys() == example("export").keys()
    times = [datetime.fromisoformat(done[f"{name}_at"]) for name in ("requested", "completed")]
    assert times == sorted(times)
    assert datetime.fromisoformat(done["expires_at"]) == times[1] + timedelta(hours=24)


def test_the_link_downloads_the_file_without_a_key(
    services: ExportServices, done: dict[str, Any]
) -> None:
    reply = services.fetch(done["download_url"])
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == (
        'attachment; filename="daybook-overview-2026-01-05-2026-01-18.csv"'
    )
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "private, no-store"
    assert int(reply.headers["content-length"]) == len(reply.body) == done["bytes"]
    head = services.service.call("HEAD", done["download_url"], None, {})
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == done["bytes"]


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"report_type": "everything"}, 400, "report_type"),
    ({"report_type": ["overview"]}, 400, "report_type"),
    ({"report_type": 7, "format": "exe"}, 400, "report_type"),
    ({"report_type": None}, 422, "report_type"),
    ({"format": "exe"}, 422, "format"),
    ({"format": None}, 422, "format"),
    ({"funnel_id": None}, 422, "funnel_id"),
    ({"funnel_id": "no-such-funnel"}, 404, "no such funnel"),
    ({"funnel_id": {"$gt": ""}}, 422, "funnel_id"),
    ({"funnel_id": "a b"}, 422, "funnel_id"),
    ({"funnel_id": "x" * 129}, 422, "funnel_id"),
    ({"user_id": "anna"}, 422, "user_id"),
    ({"date_from": None}, 422, "date_from"),
    ({"date_from": "2026-02-30"}, 422, "date_from: must be a day"),
    ({"date_from": "5/1/2026"}, 422, "date_from: must be a day"),
    ({"date_from": "2026-01-19"}, 422, "date_from: must not be after `date_to`"),
    ({"date_from": "2016-01-05"}, 422, "longer than a year"),
    ({"date_to": 20260118}, 422, "date_to"),
    ({"include_pii": "yes"}, 422, "include_pii"),
    ({"include_charts": 1}, 422, "include_charts"),
    ({"notify": "https://evil.example"}, 422, "notify"),
]


@pytest.mark.parametrize(("wrong", "status", "reason"), BAD)
def test_an_invalid_request_is_refused_with_the_reason(
    services: ExportServices, wrong: dict[str, Any], status: int, reason: str
) -> None:
    reply = services.service.post(EXPORT, export_request(**wrong))
    assert (reply.status, reply.json["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reason in reply.json["detail"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 10_000, 400),
        (b"[]", 422),
        (b"1e400", 422),
        (b" " * 20_000, 413),
    ],
)
def test_a_body_that_is_not_a_request_is_refused(
    services: ExportServices, raw: bytes, status: int
) -> None:
    reply = services.service.post(EXPORT, raw)
    assert (reply.status, reply.json["status"]) == (status, status)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([*export_request(), "user_id", "include_pii", "$where"]), value=JSON)
def test_no_request_causes_a_server_error(services: ExportServices, name: str, value: Any) -> None:
    reply = services.service.post(EXPORT, export_request() | {name: value})
    assert reply.status < 500, (name, value, reply.body)


def test_a_request_needs_a_read_key(services: ExportServices) -> None:
    for key in ("", "dbwrite_x", "nonsense"):
        assert services.service.post(EXPORT, export_request(), key).status == 401
        assert services.status(str(uuid.uuid4()), key).status == 401
    creator = services.office.key("creator", ORGANIZATION, "anna")
    assert services.service.post(EXPORT, export_request(), creator).status == 403


def test_jobs_of_another_organization_are_404(
    services: ExportServices, done: dict[str, Any]
) -> None:
    foreign_key = services.office.key("analyst", "acme")
    missing = services.status(str(uuid.uuid4()), foreign_key)
    processing = services.request_job()
    for job_id in (done["job_id"], processing):
        foreign = services.status(job_id, foreign_key)
        assert (foreign.status, foreign.body) == (404, missing.body)
    own = services.service.post(EXPORT, export_request(funnel_id="no-such-funnel"), foreign_key)
    other = services.service.post(EXPORT, export_request(funnel_id="default:checkout"), foreign_key)
    assert (own.status, own.body) == (other.status, other.body) == (404, own.body)
    path = f"{EXPORT}/{done['job_id']}?organization_id=default"
    assert services.service.get(path, foreign_key).status == 404


def test_an_admin_requests_exports_of_any_organization(services: ExportServices) -> None:
    path = f"{EXPORT}?organization_id=acme"
    reply = services.service.post(path, export_request(), services.office.admin)
    assert reply.status == 202
    job_id = reply.json["job_id"]
    status_path = f"{EXPORT}/{job_id}?organization_id=acme"

    def completed() -> bool:
        job = services.service.get(status_path, services.office.admin).json
        return bool(job["status"] == "completed")

    until(completed, "the job is completed")
    assert services.status(job_id).status == 404
    assert services.stored(job_id)["organization_id"] == "acme"


def altered(url: str, **others: str) -> str:
    parts = urlsplit(url)
    query = {name: value for name, [value] in parse_qs(parts.query).items()} | others
    return parts.path + "?" + "&".join(f"{name}={value}" for name, value in query.items())


def test_a_tampered_link_is_refused(services: ExportServices, done: dict[str, Any]) -> None:
    url = done["download_url"]
    later = str(int(datetime.now(UTC).timestamp()) + 10**6)
    other = services.wait_for_job(services.request_job(format="json"))
    for wrong in (
        altered(url, expires=later),
        altered(url, signature="0" * 64),
        altered(url, signature="é".encode().hex()),
        altered(url, signature=""),
        altered(url, organization_id="acme"),
        url.replace(done["job_id"], other["job_id"]),
        link(FOREIGN, None, ORGANIZATION, done["job_id"], datetime.now(UTC) + timedelta(1)),
    ):
        reply = services.fetch(wrong)
        assert (reply.status, reply.json["detail"]) == (403, "the link's signature is invalid"), (
            wrong
        )
    assert services.fetch(urlsplit(url).path).status == 422


def test_an_expired_link_is_410(services: ExportServices, done: dict[str, Any]) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    reply = services.fetch(link(OWN, None, ORGANIZATION, done["job_id"], past))
    assert (reply.status, reply.json["status"]) == (410, 410)


def test_an_expired_file_is_410_even_before_it_is_removed(services: ExportServices) -> None:
    job = services.wait_for_job(services.request_job())
    past = datetime.now(UTC) - timedelta(seconds=1)
    exports = services.world.documents["exports"]
    exports.update_one({"job_id": job["job_id"]}, {"$set": {"expires_at": past}})
    expired = services.status(job["job_id"]).json
    assert (expired["status"], expired["download_url"]) == ("expired", None)
    assert services.fetch(job["download_url"]).status == 410


def test_a_job_that_no_worker_has_claimed_is_known_only_to_its_organization(
    services: ExportServices,
) -> None:
    now = datetime.now(UTC)
    job_id = job_ids.issue(OWN, ORGANIZATION, now)
    reply = services.status(job_id)
    assert reply.status == 200
    assert {k: v for k, v in reply.json.items() if v} == {"job_id": job_id, "status": "processing"}
    others = [
        job_ids.issue(OWN, "acme", now),
        job_ids.issue(FOREIGN, ORGANIZATION, now),
        job_ids.issue(OWN, ORGANIZATION, now - timedelta(days=31)),
        job_id.upper(),
        str(uuid.uuid4()),
        "nonsense",
    ]
    assert {services.status(other).status for other in others} == {404}


def test_a_job_that_cannot_be_done_fails_with_the_reason(services: ExportServices) -> None:
    job_id = str(uuid.uuid4())
    event = {
        "event_id": str(uuid.uuid4()),
        "event_type": "export.requested",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": export_request(funnel_id="no-such-funnel") | {"job_id": job_id},
    }
    services.world.publish([(job_id, json.dumps(event).encode())], "sc.analytics.exports")
    jobs = services.world.documents["exports"]
    until(lambda: jobs.find_one({"job_id": job_id, "status": "failed"}), "the job has failed")
    failed = services.status(job_id).json
    assert (failed["status"], failed["reason"]) == ("failed", "there is no such funnel")
    assert (failed["download_url"], failed["completed_at"]) == (None, None)
    assert services.stored(job_id)["failures"] == 3


def test_without_a_secret_exports_are_404(services: ExportServices) -> None:
    service = services.office.start()
    key = services.service.key
    for reply in (
        service.post(EXPORT, export_request(), key),
        service.get(f"{EXPORT}/{uuid.uuid4()}", key),
    ):
        assert reply.status == 404
        assert "DAYBOOK_EXPORTS_SECRET" in reply.json["detail"]
