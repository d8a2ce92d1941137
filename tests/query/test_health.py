"""What operators ask a query service for."""

import pytest

from tests.query.conftest import Office
from tests.support.query import QueryProcess


def test_it_says_that_it_lives_and_that_it_is_ready(service: QueryProcess) -> None:
    assert service.get("/health").body == b"ok\n"
    assert service.get("/ready").status == 200


def test_it_tells_its_calls_by_route_and_status(service: QueryProcess) -> None:
    assert service.get("/nowhere/1").status == 404
    assert service.get("/health").status == 200
    assert service.metric("daybook_query_requests_total", route="/health", status="200") == 1
    assert service.metric("daybook_query_requests_total", route="none", status="404") == 1


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/openapi.json", "/nowhere"])
def test_head_is_answered_as_get_but_without_its_body(service: QueryProcess, path: str) -> None:
    whole, head = service.get(path), service.call("HEAD", path, None, {})
    assert (head.status, head.body) == (whole.status, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_a_head_is_one_call(service: QueryProcess) -> None:
    assert service.call("HEAD", "/health", None, {}).status == 200
    assert service.metric("daybook_query_requests_total", route="/health", status="200") == 1


def test_it_stops_when_it_is_told_to(office: Office) -> None:
    service = office.start()
    assert service.end() == 0
    assert "Traceback" not in service.said()
