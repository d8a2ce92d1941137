"""Who may request what, requests that are repeated, and whom their notices go to."""

from collections.abc import Iterator
from typing import Any

import pytest

from daybook.engine.settings import Settings
from daybook.exports.job import job_of
from daybook.query.exports.recipient import as_email
from tests.exports.conftest import (
    EXPORT,
    ORGANIZATION,
    ExportServices,
    export_request,
    start_services,
)
from tests.exports.topic_events import requests
from tests.support.service import Reply
from tests.support.tokens import BY_SECRET, token
from tests.support.wait import until

KEY = "Idempotency-Key"


@pytest.fixture(scope="module")
def waiting(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    """Services without a worker, that accept tokens and allow notices to a domain."""
    domains = {"DAYBOOK_EXPORTS_MAIL_DOMAINS": "acme.example, Shop.Example"}
    with start_services(
        servers, tmp_path_factory.mktemp("waiting"), **BY_SECRET, **domains
    ) as services:
        services.request()
        yield services


def test_personal_data_need_the_role_admin(services: ExportServices) -> None:
    office = services.office
    personal = export_request(include_pii=True)
    for role in ("analyst", "owner", "server"):
        reply = services.service.post(EXPORT, personal, office.key(role, ORGANIZATION))
        assert (reply.status, reply.json["status"]) == (403, 403)
        assert "include_pii" in reply.json["detail"]
    job_id = services.request(office.admin, include_pii=True).json["job_id"]
    assert services.wait_for_job(job_id)["download_url"]
    # An analyst of the organization does not see the link to the file.
    missing = services.status("0" * 8)
    assert (services.status(job_id).status, services.status(job_id).body) == (404, missing.body)


def repeat(services: ExportServices, key: str, **others: Any) -> Reply:
    return services.request(headers={KEY: key}, **others)


def test_a_repeated_request_has_the_job_of_the_first(services: ExportServices) -> None:
    first = repeat(services, "one").json
    assert repeat(services, "one").json["job_id"] == first["job_id"]
    services.wait_for_job(first["job_id"])
    again = repeat(services, "one").json
    assert again == {
        "job_id": first["job_id"],
        "status": "completed",
        "estimated_completion": None,
    }
    assert repeat(services, "two").json["job_id"] != first["job_id"]
    jobs = services.world.documents["exports"]
    assert jobs.count_documents({"job_id": first["job_id"]}) == 1
    # The same days, written in another way, are the same request.
    in_full = repeat(services, "one", date_to="2026-01-18T23:59:59Z").json
    assert in_full["job_id"] == first["job_id"]


@pytest.mark.parametrize("is_queued", [False, True])
def test_another_request_with_the_same_key_is_refused(
    is_queued: bool, services: ExportServices, waiting: ExportServices
) -> None:
    own = services if is_queued else waiting
    first = repeat(own, "other body").json
    if is_queued:
        own.wait_for_job(first["job_id"])
    reply = own.service.post(EXPORT, export_request(format="json"), headers={KEY: "other body"})
    assert reply.status == 422
    assert reply.json["errors"] == [
        {"name": KEY, "reason": "was sent before, with another request"}
    ]


def test_a_key_is_its_callers_own(waiting: ExportServices) -> None:
    colleague = waiting.office.key("analyst", ORGANIZATION)
    jobs = {
        repeat(waiting, "mine").json["job_id"],
        waiting.request(colleague, {KEY: "mine"}).json["job_id"],
        waiting.request(waiting.office.admin, {KEY: "mine"}).json["job_id"],
    }
    assert len(jobs) == 3
    assert repeat(waiting, "mine").json["job_id"] in jobs


def test_what_is_requested_twice_before_a_worker_starts_is_made_once(
    waiting: ExportServices,
) -> None:
    job_id = repeat(waiting, "early").json["job_id"]
    assert repeat(waiting, "early").json["job_id"] == job_id
    with_worker = waiting.worker()
    jobs = waiting.world.documents["exports"]
    until(lambda: jobs.find_one({"job_id": job_id, "status": "completed"}), "the job is done")
    with_worker.end()
    assert jobs.count_documents({"job_id": job_id}) == 1
    assert waiting.stored(job_id)["attempt"] == 1
    assert repeat(waiting, "early").json["job_id"] == job_id


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "\t"])
def test_an_invalid_key_is_refused(key: str, services: ExportServices) -> None:
    reply = services.service.post(EXPORT, export_request(), headers={KEY: key})
    assert reply.status == 422
    assert reply.json["errors"][0]["name"] == KEY


def test_without_redis_only_requests_without_a_key_are_accepted(waiting: ExportServices) -> None:
    variables = waiting.variables | {"DAYBOOK_REDIS_URL": "redis://127.0.0.1:1/0"}
    service = waiting.office.start(**variables)
    key = waiting.service.key
    until(lambda: service.post(EXPORT, export_request(), key).status == 202, "it is accepted")
    reply = service.post(EXPORT, export_request(), key, {KEY: "k"})
    assert reply.status == 503
    assert KEY in reply.json["detail"]
    assert reply.headers["retry-after"]


@pytest.mark.parametrize(
    ("claims", "address"),
    [
        ({"email": "anna@acme.example"}, "anna@acme.example"),
        ({"email": "anna@SHOP.example", "email_verified": True}, "anna@SHOP.example"),
        ({"email": "anna@acme.example", "email_verified": False}, None),
        ({"email": "anna@acme.example", "email_verified": "true"}, None),
        ({"email": "anna@else.example"}, None),
        ({"email": "anna@sub.acme.example"}, None),
        ({"email": "anna"}, None),
        ({"email": ["anna@acme.example"]}, None),
        ({"email": "anna@acme.example\r\nBcc: eve@evil.example"}, None),
        ({"email": f"{'a' * 250}@acme.example"}, None),
        ({}, None),
    ],
    ids=range(11),
)
def test_a_request_names_the_address_of_a_token_in_an_allowed_domain(
    claims: dict[str, Any], address: str | None, waiting: ExportServices
) -> None:
    bearer = token(role="analyst", organization_id=ORGANIZATION, sub="anna", **claims)
    job_id = waiting.request(bearer).json["job_id"]
    [event] = [e for e in requests(waiting) if e["data"]["job_id"] == job_id]
    assert event["data"].get("requester_email") == address
    assert job_of(event).requester_email == address


def test_a_key_has_no_address(waiting: ExportServices) -> None:
    job_id = waiting.request_job()
    [event] = [e for e in requests(waiting) if e["data"]["job_id"] == job_id]
    assert event["data"].keys() == {"job_id", *export_request(), "include_charts", "include_pii"}


@pytest.mark.parametrize("text", ["a@b.example", "a.b+c@d-e.f.example", "o'neil@x.xn--p1ai"])
def test_an_address_is_as_html_takes_it(text: str) -> None:
    assert as_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b",
        "a@b.example ",
        "a b@c.example",
        "a@-b.example",
        "ä@b.example",
        7,
        None,
    ],
)
def test_anything_else_is_no_address(text: object) -> None:
    assert as_email(text) is None


def test_domains_are_read_in_lower_case_and_wildcards_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAYBOOK_EXPORTS_MAIL_DOMAINS", "Acme.Example, shop.example")
    assert Settings().exports_mail_domains == ("acme.example", "shop.example")
    for wrong in ("*.example.com", "@example.com", "com", "exa mple.com"):
        monkeypatch.setenv("DAYBOOK_EXPORTS_MAIL_DOMAINS", wrong)
        with pytest.raises(ValueError, match="must be domains"):
            Settings()
