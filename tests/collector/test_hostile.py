"""Strange and hostile requests are answered with 4xx or not at all, and never slow down others."""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from daybook.collector.body import VALUES_MAX
from daybook.service.unknown_keys import UNKNOWN_BURST
from tests.collector.conftest import Site
from tests.support.collector import TRACK, CollectorProcess
from tests.support.wait import until

VIEW = {"event_type": "page_view", "visitor_id": "v-1", "session_id": "s-1"}
EVENT = json.dumps(VIEW).encode()


@contextmanager
def connection(
    port: int, source: str = "127.0.0.1", seconds: float = 30
) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), seconds, (source, 0)) as caller:
        yield caller


def answer(
    collector: CollectorProcess, data: bytes, source: str = "127.0.0.1", seconds: float = 30
) -> bytes:
    """All that is answered; empty if the connection is closed, or nothing comes in time."""
    received = b""
    with connection(collector.port, source, seconds) as caller, suppress(OSError):
        caller.sendall(data)
        while chunk := caller.recv(4_096):
            received += chunk
    return received


def post(headers: bytes, body: bytes = EVENT, path: bytes = TRACK.encode()) -> bytes:
    return (
        b"POST "
        + path
        + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + headers
        + b"\r\n"
        + body
    )


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


UNFINISHED_SECONDS = 2.0
"""Some of these requests are never complete; what becomes of them, `test_connection` shows."""

HOSTILE = {
    "NUL in the path": post(length(EVENT), path=b"/api\x00"),
    "encoded NUL in the path": post(length(EVENT), path=b"/api/%00/v1"),
    "bad UTF-8 in the path": post(length(EVENT), path=b"/api/%ff%fe"),
    "raw bytes in the path": post(length(EVENT), path=b"/\xff\xfe"),
    "half a character in the path": post(length(EVENT), path=b"/%ed%a0%80"),
    "a path that climbs": post(length(EVENT), path=b"/../../etc/passwd"),
    "a very long path": post(length(EVENT), path=b"/" + b"a" * 60_000),
    "a very long query": post(length(EVENT), path=TRACK.encode() + b"?key=" + b"&a=" * 20_000),
    "bad escapes in the query": post(length(EVENT), path=TRACK.encode() + b"?key=%zz%&%ff=%00"),
    "no path": b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an absolute address": b"GET http://evil.example HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "TLS": bytes.fromhex("160301020001") + b"\x00" * 300,
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a websocket": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a negative length": post(b"Content-Length: -1\r\n"),
    "an endless length": post(b"Content-Length: " + b"9" * 5_000 + b"\r\n"),
    "a length in words": post(b"Content-Length: many\r\n"),
    "two lengths": post(b"Content-Length: 5\r\nContent-Length: 50\r\n"),
    "length and chunks": post(length(EVENT) + b"Transfer-Encoding: chunked\r\n"),
    "an unknown transfer encoding": post(b"Transfer-Encoding: gzip\r\n"),
    "two transfer encodings": post(
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"
    ),
    "a chunk of a negative size": post(b"Transfer-Encoding: chunked\r\n", b"-5\r\nabc"),
    "a chunk of an endless size": post(b"Transfer-Encoding: chunked\r\n", b"f" * 100 + b"\r\nabc"),
    "half a body": post(length(EVENT), EVENT[:9]),
    "bad UTF-8 in a header": post(b"X-Daybook-Key: \xff\xfe\r\n" + length(EVENT)),
    "NUL in a header": post(b"X-Daybook-Key: a\x00b\r\n" + length(EVENT)),
    "a line feed alone": b"POST / HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
    "a folded header": post(b"X-Daybook-Key: a\r\n b\r\n" + length(EVENT)),
    "a header without a name": post(b": x\r\n" + length(EVENT)),
    "a space before the colon": post(b"Content-Length : 5\r\n"),
    "10,000 headers": post(b"A: b\r\n" * 10_000 + length(EVENT)),
    "a giant header": post(b"A: " + b"b" * 2**20 + b"\r\n" + length(EVENT)),
    "two keys": post(b"X-Daybook-Key: a\r\nX-Daybook-Key: b\r\n" + length(EVENT)),
    "an unreadable authorization": post(b"Authorization: Bearer\r\n" + length(EVENT)),
    "a strange origin": post(b"Origin: \xff\r\n" + length(EVENT)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_request_is_refused_without_an_error_of_ours(
    shared: CollectorProcess, what: str
) -> None:
    refused = answer(shared, HOSTILE[what], seconds=UNFINISHED_SECONDS)
    assert refused == b"" or refused.startswith(b"HTTP/1.1 4"), refused
    assert shared.get("/live").status == 200
    assert "Traceback" not in shared.output()


KEYED = {
    "raw bytes as the address": b"X-Forwarded-For: \xff, \x01\r\n",
    "10,000 addresses": b"X-Forwarded-For: " + b"1.2.3.4," * 6_000 + b"\r\n",
    "a strange agent": b"User-Agent: \xff\x01" + b"android" * 3_000 + b"\r\n",
    "a strange language": b"Accept-Language: \xff;q=\r\n",
    "a wrong content type": b"Content-Type: multipart/form-data; boundary=\xff\r\n",
    "a strange charset": b"Content-Type: application/json; charset=utf-99\r\n",
    "an expectation": b"Expect: 100-continue\r\n",
}


@pytest.mark.parametrize("what", KEYED)
def test_strange_headers_of_a_known_caller_do_no_harm(shared: CollectorProcess, what: str) -> None:
    key = b"X-Daybook-Key: %s\r\n" % shared.key.encode()
    reply = answer(shared, post(key + KEYED[what] + length(EVENT)))
    assert reply.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").startswith(
        (b"HTTP/1.1 202", b"HTTP/1.1 4")
    )
    assert "Traceback" not in shared.output()


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 340_000 + b"[]]",
        b'{"event_type": "page_view", "metadata": {"a": [' + b"[]," * 340_000 + b"[]]}}",
        b'[{"a": ' + b"1," * 100_000 + b"1}]",
        b'{"a": "' + b'\\"' * 200_000 + b'", "b": [' + b"0," * VALUES_MAX + b"0]}",
    ],
    ids=["empty lists", "empty lists in metadata", "numbers", "numbers after a text"],
)
def test_a_body_with_too_many_values_is_413(shared: CollectorProcess, body: bytes) -> None:
    packed = gzip.compress(body[: 2**20])
    reply = shared.track(packed, headers={"Content-Encoding": "gzip"})
    assert (reply.status, reply.json["status"]) == (413, "refused"), reply.body


def test_commas_within_texts_do_not_count_as_values(shared: CollectorProcess) -> None:
    events = [VIEW | {"metadata": {"list": ",[{" * 800}} for _ in range(100)]
    assert shared.track(events).json["accepted"] == 100


def test_an_address_that_invents_keys_is_limited_and_others_are_not(
    site: Site, collector: CollectorProcess
) -> None:
    assert collector.track(VIEW).status == 202
    statuses = [
        collector.track(VIEW, key=f"dbwrite_{number:032}").status
        for number in range(int(UNKNOWN_BURST) * 3)
    ]
    assert statuses[: int(UNKNOWN_BURST)] == [401] * int(UNKNOWN_BURST)
    assert statuses[-1] == 429
    assert collector.track(VIEW).status == 202, "a key that is known is not affected"
    headers = b"X-Daybook-Key: %s\r\n" % site.server_key.encode() + length(EVENT)
    assert answer(collector, post(headers), "127.0.0.2").startswith(b"HTTP/1.1 202")


def test_probes_and_other_addresses_are_answered_while_one_address_holds_its_connections(
    site: Site,
) -> None:
    collector = site.start(DAYBOOK_CONNECTIONS_PER_ADDRESS="20").ready()
    held = [socket.create_connection(("127.0.0.1", collector.port), 30) for _ in range(30)]
    try:
        for caller in held:
            caller.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        until(lambda: answer(collector, post(b"")).startswith(b"HTTP/1.1 429"), "it is full")
        headers = b"X-Daybook-Key: %s\r\n" % collector.key.encode() + length(EVENT)
        assert answer(collector, post(headers), "127.0.0.2").startswith(b"HTTP/1.1 202")
        for path in (b"/live", b"/ready", b"/metrics"):
            with connection(collector.health_port) as probe:
                probe.sendall(b"GET " + path + b" HTTP/1.0\r\n\r\n")
                assert b" 200 " in probe.recv(100)
    finally:
        for caller in held:
            caller.close()
