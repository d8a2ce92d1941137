"""Arbitrary requests to every report get a response or a problem, never a 5xx."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.conftest import Office
from tests.support.query import QueryProcess

USUAL = {
    "from": ["2026-11-01", "2026-11-20T10:00:00Z", "2026-02-30", "9999-12-31", ""],
    "to": ["2026-11-20", "2026-11-01T00:00:00+14:00", "0001-01-01"],
    "tz": ["Europe/Berlin", "UTC", "Mars/Olympus"],
    "granularity": ["hour", "day", "week", "month"],
    "compare": ["previous", "next"],
    "currency": ["USD", "XXX", "usd"],
    "organization_id": ["org-1", "org-2", "default"],
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
ODD = st.sampled_from(
    ["1e400", "NaN", "-1", str(2**63), "true", '{"$gt":""}', "$where", "a\x00b", "%", "../..", "𝒳"]
)
OFF = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    return office.start(DAYBOOK_QUERY_BURST="100000", DAYBOOK_EXPORTS_SECRET="s" * 32)


@pytest.fixture(scope="module")
def routes(service: QueryProcess) -> list[tuple[str, list[dict[str, Any]]]]:
    """Paths with their parameters, from the service's OpenAPI document."""
    paths = service.get("/openapi.json").json["paths"]
    found = [
        (path, methods["get"].get("parameters", []))
        for path, methods in paths.items()
        if "get" in methods
    ]
    assert len(found) > 5
    return found


@settings(max_examples=400, suppress_health_check=OFF)
@given(data=st.data())
def test_no_report_fails_whatever_the_parameters(
    office: Office,
    service: QueryProcess,
    routes: list[tuple[str, list[dict[str, Any]]]],
    data: st.DataObject,
) -> None:
    path, parameters = data.draw(st.sampled_from(routes))
    query = []
    for parameter in parameters:
        name = parameter["name"]
        value = st.sampled_from(USUAL[name]) | ODD | TEXT if name in USUAL else ODD | TEXT
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(data.draw(value), safe="") or "x")
        elif data.draw(st.booleans()):
            query.append((name, data.draw(value)))
    key = data.draw(st.sampled_from([office.admin, office.analyst, "", "dbread_", "a.b.c"]))
    reply = service.get(f"{path}?{urlencode(query)}", key)
    assert reply.status < 500, (path, query, reply.body)
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["status"] == reply.status
