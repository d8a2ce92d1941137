"""Asking for files, looking after them, and fetching them: what is answered to whom."""

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
from tests.exports.conftest import EXPORT, ORGANIZATION, SECRET, Press, order
from tests.support.wait import until

OWN = Secret(Settings(exports_secret=SecretStr(SECRET)))
STRANGERS = Secret(Settings(exports_secret=SecretStr(SECRET[::-1])))


@pytest.fixture(scope="module")
def done(press: Press) -> dict[str, Any]:
    """A job whose file is there."""
    job = press.ended(press.ordered())
    assert job["status"] == "completed", job
    return job


def test_an_order_is_answered_as_promised(press: Press) -> None:
    before = datetime.now(UTC)
    reply = press.ask()
    assert reply.status == 202
    body = reply.json
    assert body.keys() == {"job_id", "status", "estimated_completion"}
    assert body.keys() == example("export-accepted").keys()
    assert ExportRequest.model_validate(example("export-order")).report_type == "overview"
    assert str(uuid.UUID(body["job_id"])) == body["job_id"]
    assert body["status"] == "processing"
    assert datetime.fromisoformat(body["estimated_completion"]) > before


def test_a_file_that_is_there_is_told_with_its_link(done: dict[str, Any]) -> None:
    assert done["rows"] > 5
    assert done["bytes"] > 500
    assert (done["report_type"], done["format"], done["reason"]) == ("overview", "csv", None)
    assert done.keys() == example("export").keys()
    times = [datetime.fromisoformat(done[f"{name}_at"]) for name in ("requested", "completed")]
    assert times == sorted(times)
    assert datetime.fromisoformat(done["expires_at"]) == times[1] + timedelta(hours=24)


def test_whoever_has_the_link_fetches_the_file(press: Press, done: dict[str, Any]) -> None:
    reply = press.fetch(done["download_url"])
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == (
        'attachment; filename="daybook-overview-2026-01-05-2026-01-18.csv"'
    )
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "private, no-store"
    assert int(reply.headers["content-length"]) == len(reply.body) == done["bytes"]
    head = press.service.call("HEAD", done["download_url"], None, {})
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


@pytest.mark.parametrize(("wrong", "status", "about"), BAD)
def test_a_bad_order_is_refused_with_the_reason(
    press: Press, wrong: dict[str, Any], status: int, about: str
) -> None:
    reply = press.service.post(EXPORT, order(**wrong))
    assert (reply.status, reply.json["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert about in reply.json["detail"]


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
def test_a_body_that_is_no_order_is_refused(press: Press, raw: bytes, status: int) -> None:
    reply = press.service.post(EXPORT, raw)
    assert (reply.status, reply.json["status"]) == (status, status)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([*order(), "user_id", "include_pii", "$where"]), value=JSON)
def test_no_order_fails_whatever_stands_in_it(press: Press, name: str, value: Any) -> None:
    reply = press.service.post(EXPORT, order() | {name: value})
    assert reply.status < 500, (name, value, reply.body)


def test_nobody_orders_without_a_key_or_with_one_for_tracking(press: Press) -> None:
    for key in ("", "dbwrite_x", "nonsense"):
        assert press.service.post(EXPORT, order(), key).status == 401
        assert press.look(str(uuid.uuid4()), key).status == 401
    creator = press.office.key("creator", ORGANIZATION, "anna")
    assert press.service.post(EXPORT, order(), creator).status == 403


def test_anothers_organization_is_what_is_not_there(press: Press, done: dict[str, Any]) -> None:
    stranger = press.office.key("analyst", "acme")
    missing = press.look(str(uuid.uuid4()), stranger)
    fresh = press.ordered()
    for job_id in (done["job_id"], fresh):
        foreign = press.look(job_id, stranger)
        assert (foreign.status, foreign.body) == (404, missing.body)
    own = press.service.post(EXPORT, order(funnel_id="no-such-funnel"), stranger)
    other = press.service.post(EXPORT, order(funnel_id="default:checkout"), stranger)
    assert (own.status, own.body) == (other.status, other.body) == (404, own.body)
    refused = press.service.get(f"{EXPORT}/{done['job_id']}?organization_id=default", stranger)
    assert refused.status == 404


def test_an_admin_orders_for_the_organization_that_he_names(press: Press) -> None:
    path = f"{EXPORT}?organization_id=acme"
    reply = press.service.post(path, order(), press.office.admin)
    assert reply.status == 202
    job_id = reply.json["job_id"]
    look = f"{EXPORT}/{job_id}?organization_id=acme"

    def ended() -> bool:
        job = press.service.get(look, press.office.admin).json
        return bool(job["status"] == "completed")

    until(ended, "the file is there")
    assert press.look(job_id).status == 404
    assert press.stored(job_id)["organization_id"] == "acme"


def altered(url: str, **others: str) -> str:
    parts = urlsplit(url)
    said = {name: value for name, [value] in parse_qs(parts.query).items()} | others
    return parts.path + "?" + "&".join(f"{name}={value}" for name, value in said.items())


def test_a_link_that_was_tampered_with_leads_nowhere(press: Press, done: dict[str, Any]) -> None:
    url = done["download_url"]
    later = str(int(datetime.now(UTC).timestamp()) + 10**6)
    other = press.ended(press.ordered(format="json"))
    for wrong in (
        altered(url, expires=later),
        altered(url, signature="0" * 64),
        altered(url, signature="é".encode().hex()),
        altered(url, signature=""),
        altered(url, organization_id="acme"),
        url.replace(done["job_id"], other["job_id"]),
        link(STRANGERS, None, ORGANIZATION, done["job_id"], datetime.now(UTC) + timedelta(1)),
    ):
        reply = press.fetch(wrong)
        assert (reply.status, reply.json["detail"]) == (403, "the link's signature is invalid"), (
            wrong
        )
    assert press.fetch(urlsplit(url).path).status == 422


def test_a_link_that_has_expired_is_gone(press: Press, done: dict[str, Any]) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    reply = press.fetch(link(OWN, None, ORGANIZATION, done["job_id"], past))
    assert (reply.status, reply.json["status"]) == (410, 410)


def test_a_file_whose_time_is_over_is_gone_before_it_is_swept(press: Press) -> None:
    job = press.ended(press.ordered())
    past = datetime.now(UTC) - timedelta(seconds=1)
    exports = press.world.documents["exports"]
    exports.update_one({"job_id": job["job_id"]}, {"$set": {"expires_at": past}})
    told = press.look(job["job_id"]).json
    assert (told["status"], told["download_url"]) == ("expired", None)
    assert press.fetch(job["download_url"]).status == 410


def test_a_job_that_no_worker_has_seen_is_known_to_its_owner_alone(press: Press) -> None:
    now = datetime.now(UTC)
    job_id = job_ids.issue(OWN, ORGANIZATION, now)
    reply = press.look(job_id)
    assert reply.status == 200
    assert {k: v for k, v in reply.json.items() if v} == {"job_id": job_id, "status": "processing"}
    others = [
        job_ids.issue(OWN, "acme", now),
        job_ids.issue(STRANGERS, ORGANIZATION, now),
        job_ids.issue(OWN, ORGANIZATION, now - timedelta(days=31)),
        job_id.upper(),
        str(uuid.uuid4()),
        "nonsense",
    ]
    assert {press.look(other).status for other in others} == {404}


def test_what_cannot_be_made_fails_with_its_reason(press: Press) -> None:
    job_id = str(uuid.uuid4())
    event = {
        "event_id": str(uuid.uuid4()),
        "event_type": "export.requested",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": order(funnel_id="no-such-funnel") | {"job_id": job_id},
    }
    press.world.publish([(job_id, json.dumps(event).encode())], "sc.analytics.exports")
    jobs = press.world.documents["exports"]
    until(lambda: jobs.find_one({"job_id": job_id, "status": "failed"}), "it has failed")
    told = press.look(job_id).json
    assert (told["status"], told["reason"]) == ("failed", "there is no such funnel")
    assert (told["download_url"], told["completed_at"]) == (None, None)
    assert press.stored(job_id)["failures"] == 3


def test_without_a_secret_no_exports_are_made(press: Press) -> None:
    service = press.office.start()
    key = press.service.key
    for reply in (
        service.post(EXPORT, order(), key),
        service.get(f"{EXPORT}/{uuid.uuid4()}", key),
    ):
        assert reply.status == 404
        assert "DAYBOOK_EXPORTS_SECRET" in reply.json["detail"]
