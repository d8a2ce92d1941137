"""The endpoints for operators: health, readiness, metrics, HEAD, and stopping."""

import pytest

from tests.query.conftest import Office
from tests.support.query import QueryProcess


def test_a_running_service_is_healthy_and_ready(service: QueryProcess) -> None:
    assert service.get("/health").body == b"ok\n"
    assert service.get("/ready").status == 200


def test_requests_are_counted_by_route_and_status(service: QueryProcess) -> None:
    assert service.get("/nowhere/1").status == 404
    assert service.get("/health").status == 200
    assert service.metric("daybook_query_requests_total", route="/health", status="200") == 1
    assert service.metric("daybook_query_requests_total", route="none", status="404") == 1


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/openapi.json", "/nowhere"])
def test_head_has_the_headers_of_get_and_no_body(service: QueryProcess, path: str) -> None:
    whole, head = service.get(path), service.call("HEAD", path, None, {})
    assert (head.status, head.body) == (whole.status, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_a_head_request_is_counted_once(service: QueryProcess) -> None:
    assert service.call("HEAD", "/health", None, {}).status == 200
    assert service.metric("daybook_query_requests_total", route="/health", status="200") == 1


def test_a_service_stops_without_an_error(office: Office) -> None:
    service = office.start()
    assert service.end() == 0
    assert "Traceback" not in service.output()
