"""Authentication by key and token, and what each role may read."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daybook.service import api_keys
from models.funnel import FunnelDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import API, QueryProcess
from tests.support.tokens import BY_SECRET, SECRET, Signer, token

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
OWN, FOREIGN = f"/organizations/{ORGANIZATION}/dashboard", f"/organizations/{OTHER}/dashboard"
PLATFORM = ("/user-lifecycle", "/order-funnel", "/revenue")


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    """Shared by all tests of this file, which only check who gets a response."""
    shared_office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=1)
    shared_office.day(FunnelDay, "2026-11-01", OTHER, "secret", sessions=2)
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    return office.start(**BY_SECRET)


def test_a_request_without_a_key_is_refused(service: QueryProcess) -> None:
    reply = service.report(OWN, "", **DAYS)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="daybook"'


def test_a_key_is_accepted_in_its_own_header(office: Office, service: QueryProcess) -> None:
    path = f"/api/v1/analytics{OWN}"
    assert service.get(path, "", {"X-Daybook-Key": office.analyst}).status == 200


@pytest.mark.parametrize("kind", ["write", "server"])
def test_a_collectors_key_reads_nothing(
    office: Office, service: QueryProcess, kind: api_keys.Kind
) -> None:
    made = api_keys.create(office.world.documents, kind, ORGANIZATION, "", datetime.now(UTC))
    assert service.report(OWN, made[0], **DAYS).status == 401


def test_a_revoked_key_reads_nothing(office: Office, service: QueryProcess) -> None:
    key = office.key("analyst")
    found = api_keys.find(office.world.documents, key)
    assert found
    api_keys.revoke(office.world.documents, found.id, datetime.now(UTC))
    assert service.report(OWN, key, **DAYS).status == 401


def test_another_organization_looks_like_one_that_does_not_exist(service: QueryProcess) -> None:
    foreign = service.report(FOREIGN, **DAYS)
    nobody = service.report("/organizations/nobody/dashboard", **DAYS)
    assert (foreign.status, foreign.body) == (404, nobody.body)
    assert _fixed(foreign.headers) == _fixed(nobody.headers)


def _fixed(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}


def test_another_organizations_id_in_a_parameter_looks_like_a_missing_one(
    service: QueryProcess,
) -> None:
    own = service.report("/events/gala/metrics", organization_id=ORGANIZATION)
    foreign = service.report("/events/gala/metrics", organization_id=OTHER)
    nobody = service.report("/events/gala/metrics", organization_id="nobody")
    assert {own.status, foreign.status, nobody.status} == {404}
    assert foreign.body == nobody.body


@pytest.mark.parametrize("role", ["analyst", "owner", "server"])
def test_roles_of_an_organization_read_only_their_own(
    office: Office, service: QueryProcess, role: api_keys.Role
) -> None:
    key = office.key(role)
    assert service.report(OWN, key, **DAYS).json["totals"]["sessions"] == 1
    assert service.report(FOREIGN, key, **DAYS).status == 404
    assert {service.report(path, key, **DAYS).status for path in PLATFORM} == {403}


@pytest.mark.parametrize("role", ["creator", "brand"])
def test_creators_and_brands_may_not_read_an_organizations_reports(
    office: Office, service: QueryProcess, role: api_keys.Role
) -> None:
    key = office.key(role, subject="anna")
    assert {service.report(path, key, **DAYS).status for path in (OWN, FOREIGN, *PLATFORM)} == {403}


def test_an_admin_reads_the_platform_and_every_organization(
    office: Office, service: QueryProcess
) -> None:
    for path in (OWN, FOREIGN, *PLATFORM):
        assert service.report(path, office.admin, **DAYS).status == 200


def test_a_tokens_claims_determine_the_caller(service: QueryProcess) -> None:
    assert service.report(OWN, token(), **DAYS).json["totals"]["sessions"] == 1
    assert service.report(FOREIGN, token(), **DAYS).status == 404
    assert service.report(FOREIGN, token(role="admin"), **DAYS).status == 200


def unsigned(**header: Any) -> str:
    own = {"alg": "none", "typ": "JWT"} | header
    body = token().split(".")[1]
    return f"{_encoded(own)}.{body}."


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "wrong",
    [
        unsigned(),
        unsigned(alg="None"),
        unsigned(alg="NONE"),
        token(algorithm="HS512"),
        token("another secret, as long as the right one but not the configured one"),
        token(aud="another-service"),
        token(aud=None),
        token(iss="https://evil.example"),
        token(iss=None),
        token(exp=int(time.time()) - 60),
        token(exp=None),
        token(nbf=int(time.time()) + 600),
        token(exp="soon"),
        token(role=None),
        token(role="root"),
        token(role=["admin"]),
        token(organization_id=None),
        token(organization_id={"$ne": ""}),
        token(organization_id=""),
        token(role="creator", sub=None),
        token() + "x",
        token()[:-4],
        "a.b.c",
        "x" * 9_000,
        "{}",
        "dbread_" + "a" * 32,
        "dbread_" + "$" * 32,
    ],
    ids=range(27),
)
def test_a_token_with_any_flaw_is_refused(service: QueryProcess, wrong: str) -> None:
    reply = service.report(OWN, wrong, **DAYS)
    assert reply.status == 401
    assert wrong.encode() not in reply.body
    assert wrong not in service.output()


def test_tokens_are_refused_if_no_algorithm_is_configured(office: Office) -> None:
    assert office.start().report(OWN, token(), **DAYS).status == 401


def test_tokens_are_verified_with_the_published_keys(office: Office, tmp_path: Path) -> None:
    signer, forger = Signer(tmp_path), Signer(_made(tmp_path / "forger"))
    service = office.start(**signer.settings)
    assert service.report(OWN, signer.token(), **DAYS).status == 200
    assert service.report(OWN, signer.token(kid=None), **DAYS).status == 200
    for wrong in (
        forger.token(),
        signer.token(kid="two"),
        signer.token(kid="three"),
        signer.token(exp=1),
        signer.token(aud="other"),
        _signed_with_public_key(signer.public_key),
        token(),
        unsigned(),
        unsigned(kid="one"),
    ):
        assert service.report(OWN, wrong, **DAYS).status == 401


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _signed_with_public_key(public_key: str) -> str:
    """The algorithm confusion attack: an HMAC with the public key as its secret."""
    head = _encoded({"alg": "HS256", "typ": "JWT", "kid": "one"})
    signed = f"{head}.{token().split('.')[1]}"
    mac = hmac.new(public_key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def test_no_secret_is_logged(office: Office, service: QueryProcess) -> None:
    service.report(OWN, token(), **DAYS)
    for secret in (SECRET, office.analyst, token(), "anna@example.com"):
        assert secret not in service.output()
        assert secret not in service.get("/metrics").body.decode()


def test_the_rate_limit_applies_to_each_caller_separately(office: Office) -> None:
    service = office.start(DAYBOOK_QUERY_RATE="1", DAYBOOK_QUERY_BURST="3")
    key = office.key("analyst")
    forged = [
        service.get(f"/api/v1/analytics{OWN}", key, {"X-Forwarded-For": f"198.51.100.{n}"})
        for n in range(8)
    ]
    assert [reply.status for reply in forged[:3]] == [200] * 3
    refused = [reply for reply in forged if reply.status == 429]
    assert refused
    assert int(refused[-1].headers["retry-after"]) >= 1
    assert refused[-1].headers["content-type"] == "application/problem+json"
    assert service.report(OWN, office.key("analyst")).status == 200


def test_an_address_that_invents_keys_is_limited_but_not_for_keys_that_are_known(
    office: Office,
) -> None:
    service, known = office.start(), office.key("analyst")
    assert service.report(OWN, known).status == 200
    replies = [service.report(OWN, f"dbread_{number:032}") for number in range(60)]
    assert replies[0].status == 401
    assert replies[-1].status == 429
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert service.report(OWN, known).status == 200


def test_with_authentication_off_every_caller_is_an_admin(office: Office) -> None:
    service = office.start(DAYBOOK_AUTH="off")
    assert service.report("/revenue", "", **DAYS).status == 200
    assert service.report(FOREIGN, "", **DAYS).json["totals"]["sessions"] == 2
    assert "DAYBOOK_AUTH is off" in service.output()
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "127.0.0.1"}):
        assert service.get(f"{API}/revenue", "", headers).status == 403
