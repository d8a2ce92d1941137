"""Attacks get 4xx on every route, and none of their input appears in logs or metrics."""

from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import pytest

from tests.query.conftest import ORGANIZATION, Office
from tests.support.query import API, QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
SECRET = "mallory@example.com"
HOSTILE = [
    '{"$gt":""}', "[$ne]", "$where", "$$ROOT", "$applied", ".*", "a\x00b", "x" * 10_000, "1e400",
    "NaN", "-1", str(10**9), str(2**63), "true", "../../etc/passwd", "a\r\nX-Evil: 1", SECRET,
]  # fmt: skip
BODY_MIB = 10
GROWTH_MIB_MAX = 50


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    own = office.start(DAYBOOK_QUERY_BURST="100000", DAYBOOK_EXPORTS_SECRET="s" * 32)
    own.key = office.admin
    return own


@pytest.fixture(scope="module")
def routes(service: QueryProcess) -> list[tuple[str, list[dict[str, Any]]]]:
    paths = service.get("/openapi.json").json["paths"]
    return [
        (path, methods["get"].get("parameters", []))
        for path, methods in paths.items()
        if "get" in methods
    ]


def filled(path: str, value: str) -> str:
    for name in {part[1:-1] for part in path.split("/") if part.startswith("{")}:
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_route_accepts_a_hostile_id_or_parameter(
    service: QueryProcess, routes: list[tuple[str, list[dict[str, Any]]]], value: str
) -> None:
    for path, parameters in routes:
        for name in [each["name"] for each in parameters if each["in"] == "query"]:
            address = f"{filled(path, 'a')}?{urlencode({name: value})}"
            assert service.get(address).status in (200, 404, 422), address
        reply = service.get(f"{filled(path, value)}?{urlencode({'from': value})}")
        assert reply.status in (404, 422), path
        assert reply.headers["content-type"] == "application/problem+json"
        assert "x-evil" not in reply.headers
    assert service.get("/health").status == 200


@pytest.mark.parametrize("operator", ["$ne", "$gt", "$where", "$regex", ""])
def test_no_route_accepts_an_operator_in_brackets(
    service: QueryProcess, routes: list[tuple[str, list[dict[str, Any]]]], operator: str
) -> None:
    for path, parameters in routes:
        for name in [one["name"] for one in parameters]:
            address = f"{filled(path, 'a')}?{urlencode({f'{name}[{operator}]': 'x'})}"
            assert service.get(address).status == 422, address


@pytest.mark.parametrize("size", [-1, 0, 10**9, 2**63, "1e400", "NaN", "1.5", "ten"])
def test_invalid_page_numbers_and_sizes_are_refused(service: QueryProcess, size: object) -> None:
    for name in ("page", "page_size"):
        path = f"{API}/funnels/a/conversions?{urlencode({name: size})}"
        assert service.get(path).status == 422


def test_a_large_body_is_not_read(service: QueryProcess) -> None:
    before = psutil.Process(service.pid).memory_info().rss
    own = {"Authorization": f"Bearer {service.key}"}
    for method, status in (("POST", 405), ("PUT", 405)):
        for _ in range(5):
            reply = service.call(method, f"{API}/revenue", b"x" * BODY_MIB * 2**20, own)
            assert reply.status == status
    grown = psutil.Process(service.pid).memory_info().rss - before
    assert grown < GROWTH_MIB_MAX * 2**20


def test_forged_forwarding_headers_do_not_evade_the_rate_limit(office: Office) -> None:
    service = office.start(DAYBOOK_QUERY_RATE="1", DAYBOOK_QUERY_BURST="20")
    began = monotonic()
    statuses = [
        service.get(
            f"{API}/organizations/{ORGANIZATION}/dashboard?from=2026-11-01&to=2026-11-02",
            headers={
                "X-Forwarded-For": f"10.0.{n // 250}.{n % 250}",
                "Forwarded": f"for=10.1.1.{n}",
            },
        ).status
        for n in range(1_000)
    ]
    assert statuses[0] == 200
    unlimited = service.metric("daybook_query_unlimited_total")
    assert 429 in statuses
    assert statuses.count(429) + unlimited > 900
    assert statuses.count(200) - unlimited < 20 + (monotonic() - began) + 1


def test_no_input_appears_in_logs_or_metrics(service: QueryProcess) -> None:
    service.report(f"/events/{SECRET}/metrics", **DAYS)
    service.report("/revenue", SECRET, **DAYS)
    metrics = service.get("/metrics").body.decode()
    assert "daybook_query_requests_total" in metrics
    for text in (metrics, service.output()):
        for secret in (SECRET, service.key, ORGANIZATION, "$where", "etc/passwd"):
            assert secret not in text
