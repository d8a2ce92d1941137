"""Invalid requests get problem details and never reach the database."""

import pytest

from tests.query.conftest import ORGANIZATION, Office
from tests.support.query import QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
OWN = f"/organizations/{ORGANIZATION}/dashboard"


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    """Shared by all tests of this file, which only check refusals."""
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    own = office.start(DAYBOOK_QUERY_ORIGINS="https://board.example")
    own.key = office.admin
    return own


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"first": "2026-11-02", "last": "2026-11-01"}, "must not be after"),
        ({"first": "2016-11-02", "last": "2026-11-01"}, "longer than a year"),
        ({"first": "2025-11-01", "last": "2026-11-02"}, "longer than a year"),
        ({"first": "2026-11-01"}, "to: is required"),
        ({"last": "2026-11-01"}, "from: is required"),
        ({"first": "2026-02-30", "last": "2026-11-01"}, "must be a day"),
        ({"first": "yesterday", "last": "2026-11-01"}, "must be a day"),
        ({"date_from": "yesterday", "last": "2026-11-01"}, "date_from: must be a day"),
        ({"first": "2026-11-01", "date_to": "2026-10-01"}, "must not be after `date_to`"),
        ({"first": "0001-01-01T00:00:00+23:59", "last": "2026-11-01"}, "must be a day"),
        ({"first": "1970-01-01", "last": "1970-01-02"}, "between 1990"),
        ({"first": "2099-01-01", "last": "2099-01-02"}, "a year from now"),
        ({"first": "9999-12-31", "last": "9999-12-31"}, "a year from now"),
        ({"first": "2026-11-01\x00", "last": "2026-11-02"}, "must be a day"),
        ({"first": "1" * 10_000, "last": "2026-11-02"}, "at most 40"),
        ({**DAYS, "tz": "Europe/Atlantis"}, "tz: must be a zone"),
        ({**DAYS, "tz": "../../etc/passwd"}, "tz: must be a zone"),
        ({**DAYS, "tz": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}, "tz"),
        ({**DAYS, "granularity": "minute"}, "granularity"),
        ({**DAYS, "granularity": '{"$gt": ""}'}, "granularity"),
        ({**DAYS, "granularity[$ne]": "day"}, "unknown parameter"),
        ({**DAYS, "$where": "sleep(1000)"}, "unknown parameter"),
        ({**DAYS, "limit": "-1"}, "unknown parameter"),
        ({**DAYS, "compare": "next"}, "compare"),
        ({**DAYS, "date_from": "2026-11-02"}, "given twice"),
    ],
    ids=range(25),
)
def test_an_invalid_parameter_is_422_with_the_reason(
    service: QueryProcess, parameters: dict[str, str], reason: str
) -> None:
    reply = service.report("/order-funnel", **parameters)
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["status"] == 422
    assert reason in reply.json["detail"]


def test_a_range_may_be_a_year_long(service: QueryProcess) -> None:
    for first, last in (("2025-11-02", "2026-11-01"), ("2024-01-01", "2024-12-31")):
        assert service.report("/order-funnel", first=first, last=last).status == 200


def test_a_repeated_parameter_is_refused(service: QueryProcess) -> None:
    path = "/api/v1/analytics/order-funnel?from=2026-11-01&from=2026-11-02&to=2026-11-03"
    assert "only once" in service.get(path).json["detail"]


def test_bounds_also_have_long_names(service: QueryProcess) -> None:
    reply = service.report("/order-funnel", date_from="2026-11-01", date_to="2026-11-02")
    assert reply.json["period"] == {"start": "2026-11-01", "end": "2026-11-02"}


@pytest.mark.parametrize("currency", ["eur", "EURO", "$EUR", "", "E%R"])
def test_an_invalid_currency_code_is_refused(service: QueryProcess, currency: str) -> None:
    reply = service.report("/revenue", **DAYS, currency=currency)
    assert reply.status == 422
    assert reply.json["detail"] == "currency: must be an ISO 4217 code, such as USD"


@pytest.mark.parametrize(
    "event", ["%7B%22%24gt%22%3A%22%22%7D", "%24where", "..%2F..", ".*", "a:b", "%C3%A9", "$ne"]
)
def test_an_id_with_special_characters_is_just_text(service: QueryProcess, event: str) -> None:
    assert service.report(f"/events/{event}/metrics").status == 404


@pytest.mark.parametrize("event", ["a%20b", "%00", "%0A", "x" * 129, "%FF", "%ED%A0%80"])
def test_an_invalid_id_is_refused(service: QueryProcess, event: str) -> None:
    assert service.report(f"/events/{event}/metrics").status in (404, 422)


def test_every_error_is_a_problem(service: QueryProcess) -> None:
    for reply, status in (
        (service.get("/nowhere"), 404),
        (service.get("/api/v1/analytics/nowhere"), 404),
        (service.get("/api/v1/analytics/revenue/"), 404),
        (service.call("POST", "/api/v1/analytics/revenue", None, {}), 405),
        (service.call("DELETE", "/health", None, {}), 405),
        (service.report("/revenue", "", **DAYS), 401),
        (service.report("/revenue"), 422),
    ):
        assert reply.status == status
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["status"] == status
        assert {"type", "title", "status", "detail"} <= set(reply.json)
        assert "Traceback" not in reply.body.decode()
        assert "location" not in reply.headers


def test_titles_are_those_of_rfc_9110_in_every_python_version(service: QueryProcess) -> None:
    assert service.report("/revenue").json["title"] == "Unprocessable Content"


def test_an_internal_error_reveals_no_details(office: Office, service: QueryProcess) -> None:
    damaged = {"_id": "2026-10-01", "date": "secret-in-a-document"}
    office.world.documents["analytics_order_funnel"].insert_one(damaged)
    reply = service.report("/order-funnel", first="2026-10-01", last="2026-10-01")
    assert reply.status == 500
    assert reply.json["detail"] == "internal server error"
    for text in (reply.body.decode(), service.output()):
        assert "secret-in-a-document" not in text
    assert "request failed" in service.output()
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_every_response_has_security_headers(service: QueryProcess) -> None:
    for path in ("/health", "/nowhere", "/api/v1/analytics/revenue"):
        headers = service.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_only_configured_origins_may_read(service: QueryProcess) -> None:
    own = service.get("/nowhere", headers={"Origin": "https://board.example"})
    assert own.headers["access-control-allow-origin"] == "https://board.example"
    other = service.get("/nowhere", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    for method in ("GET", "HEAD"):
        asks = {"Access-Control-Request-Method": method, "Origin": "https://board.example"}
        asked = asks | {"Access-Control-Request-Headers": "authorization"}
        assert service.call("OPTIONS", "/api/v1/analytics/revenue", None, asked).status == 200
