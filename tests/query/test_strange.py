"""Strange paths, headers and bodies are no server error, and slow ones leave room for others."""

import socket
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from daybook.query.middleware import TURNS
from tests.query.conftest import Office
from tests.support.query import API, QueryProcess

EXPORT = f"{API}/export"
DASHBOARD = f"{API}/organizations/org-1/dashboard"


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    return office.start(DAYBOOK_QUERY_BURST="100000", DAYBOOK_EXPORTS_SECRET="s" * 32)


def raw_status(service: QueryProcess, request: bytes) -> int:
    """The status of the answer to these bytes; 0 if the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


PATHS = [
    b"/%00",
    b"/%ff",
    b"/%ED%A0%80",
    b"/%",
    b"/%zz",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"//evil.example",
    b"/dashboard/../../app.py",
    b"/dashboard/%2e%2e%2fapp.py",
    b"/docs/%2e%2e",
    b"*",
    b"/" + b"a" * 60_000,
    b"http://evil.example/health",
    b"/\xff\xfe",
    b"/?" + b"a=b&" * 10_000,
    b"/health?%ff=%fe",
    b"/health#x",
    b"/api/v1/analytics/funnels/%00/overview",
    b"/api/v1/analytics/funnels/%ff%fe/overview",
    b"/api/v1/analytics/events/%E2%80%AE/metrics",
    b"/api/v1/analytics/visitors/%F0%9F%98%80/journey",
    b"/api/v1/analytics/export/%00/download?organization_id=a&expires=1" + b"0" * 400,
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"OPTIONS", b"BREW"])
def test_a_strange_path_is_refused(service: QueryProcess, method: bytes, path: bytes) -> None:
    head = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
    request = method + b" " + path + head + service.key.encode() + b"\r\n\r\n"
    assert raw_status(service, request) < 500


HEADERS = [
    ("If-None-Match", "*"), ("If-None-Match", '"' * 5_000), ("If-None-Match", "W/" * 3_000),
    ("Range", "bytes=0-0,1-1,2-2"), ("Range", "bytes=-1"), ("Range", "bytes=" + "0-," * 5_000),
    ("Last-Event-ID", "1e400"), ("Last-Event-ID", "\xff" * 100), ("Last-Event-ID", "-1"),
    ("Authorization", "Bearer"), ("Authorization", "Bearer  "), ("Authorization", "Basic Og=="),
    ("Authorization", "Bearer \xff\xfe"), ("Authorization", "Bearer a.b.c"),
    ("Authorization", "Bearer dbread_" + "\xe9" * 32), ("X-Daybook-Key", "\x7f" * 9_000),
    ("Host", "["), ("Host", "\xff"), ("Origin", "null"), ("Origin", "\xff"),
    ("Content-Length", "1e400"), ("Transfer-Encoding", "identity"), ("Expect", "100-continue"),
    ("Accept-Encoding", "gzip;q=nan"), ("Cookie", "=" * 9_000), ("X-Forwarded-For", "\xff" * 999),
    ("Upgrade", "websocket"), ("Upgrade", "h2c"), ("Access-Control-Request-Method", "\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=range(len(HEADERS)))
def test_a_strange_header_is_ignored_or_refused(
    service: QueryProcess, name: str, value: str
) -> None:
    own = "" if name == "Authorization" else f"Authorization: Bearer {service.key}\r\n"
    host = "" if name == "Host" else "Host: x\r\n"
    for path in ("/", "/health", DASHBOARD, f"{API}/stream?channel=analytics:event:none"):
        lines = f"GET {path} HTTP/1.1\r\n{host}{own}{name}: {value}\r\nConnection: close\r\n\r\n"
        assert raw_status(service, lines.encode("latin-1")) < 500, path


BODIES = [
    b'{"report_type": "\\ud800"}', b'{"funnel_id": "\\udc00\\ud800"}', b'{"funnel_id": "\xff"}',
    b'{"funnel_id": "\xed\xa0\x80"}', b'{"funnel_id": "\\u0000"}', b'{"\\ud800": 1}',
    b'{"date_from": 1e400}', b'{"date_from": NaN}', b'{"date_from": 1' + b"0" * 400 + b"}",
    b'{"date_from": 1' + b"0" * 5_000 + b"}", b'{"include_pii": 1.0}', b'{"format": ["csv"]}',
    b'{"report_type": {"a": 1}}', b'{"report_type": []}', b'{"format": null}',
    b'{"a":' * 3_000, b"[" * 16_000, b'{"date_from": "0000-01-01"}', b"\xef\xbb\xbf{}",
    b'{"date_from": "99999-01-01"}', b'{"date_from": "2016-01-01", "date_to": "2026-01-01"}',
    b'{"date_from": "9999-12-31T23:59:59-14:00"}', b'{"date_to": "0001-01-01T00:00:00+14:00"}',
    b'{"user_id": "a", "user_id": "b c"}', b"\x1f\x8b\x08\x00", b"report_type=overview",
]  # fmt: skip
WHOLE = (
    b'{"report_type": "events", "format": "csv", "date_from": "2026-11-01", '
    b'"date_to": "2026-11-02", '
)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_strange_body_is_refused(service: QueryProcess, body: bytes) -> None:
    for sent in (body, WHOLE + body.removeprefix(b"{")):
        assert service.post(EXPORT, sent).status in (202, 400, 422)


@pytest.mark.parametrize(
    "day",
    ["0000-01-01", "0001-01-01", "99999-01-01", "2026-W01", "20261101", "-1", "1e400", "\x00"],
)
def test_a_strange_day_is_refused(service: QueryProcess, day: str) -> None:
    for query in (f"from={quote(day)}&to=2026-11-02", f"from=2016-01-01&to={quote(day)}"):
        assert service.get(f"{DASHBOARD}?{query}").status in (200, 422)


def test_bodies_that_do_not_arrive_take_no_turn(service: QueryProcess) -> None:
    with ExitStack() as stack:
        for _ in range(3 * TURNS):
            connection = socket.create_connection(("127.0.0.1", service.port))
            stack.enter_context(connection)
            connection.sendall(
                f"POST {EXPORT} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                f"Authorization: Bearer {service.key}\r\n\r\n{{".encode()
            )
        for _ in range(5):
            assert service.get(f"{DASHBOARD}?from=2026-11-01&to=2026-11-02").status == 200
