"""Paths, parameters, cursors, tokens, headers and bytes that no service may answer with a 500."""

import base64
import json
import socket
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from time import time
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from attack.attack import Attack, Sent, Target
from attack.calls import API, TRACK, Reply, Statuses, call
from attack.fleet import JWT_SECRET
from daybook.local.ports import LOOPBACK

VALUES = (
    "", " ", "%", "%00", "a\0b", "\ud83d", "..", "../../etc/passwd", "$where", '{"$gt":""}',
    "[$ne]", "1e400", "NaN", "-1", "0", str(2**63), str(2**64), "9" * 400, "true", "null", "𝒳",
    "\u202e", "x" * 9_000, "2026-02-30", "2026-11-20T10:00:60Z", "9999-12-31", "0001-01-01",
    "2026-11-20T00:00:00+99:99", "Europe/../Berlin", "/etc/localtime", "a\r\nX-Evil: 1", "<r>",
    "=1+1", "é", "\x7f", "other",
)  # fmt: skip

_CLAIMS: tuple[Any, ...] = (
    None, 0, -1, 2**70, 1e308, "", "x" * 5_000, "\0", "\ud83d", [], {}, [{}], True,
)  # fmt: skip
_HEADERS: tuple[Any, ...] = (
    {"alg": "none"}, {"alg": None}, {"alg": "HS256", "kid": "\0"}, {"alg": "RS256"}, {}, [], 1,
    {"alg": "HS256", "crit": ["b64"], "b64": False}, {"alg": "HS256", "jku": "http://127.0.0.1"},
)  # fmt: skip
_AT_ONCE = 6
_SECONDS = 2.0
"""How long an answer to a request is waited for that may never be complete."""


def paths_and_parameters(target: Target) -> Sent:
    """Every route with each value in each place of its path, and in each of its parameters."""
    addresses = []
    for path, parameters in _routes(target):
        names = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
        for value in VALUES:
            filled = _filled(path, value)
            query = urlencode({name: value for name in names}, errors="surrogatepass")
            addresses += [filled, f"{filled}?{query}"]
            addresses += [f"{_filled(path, 'a')}?{_pair(name, value)}" for name in names]
    statuses = _read_all(target, addresses, "127.6.1.")
    return Sent(f"each route with {len(VALUES)} hostile values ({statuses})", statuses.faults())


def _read_all(target: Target, addresses: Sequence[str], network: str) -> Statuses:
    """The statuses of all addresses, each read from another address of the network."""
    statuses, own = Statuses(), {"Authorization": f"Bearer {target.keys['analyst']}"}
    sources = cycle(f"{network}{number}" for number in range(1, 251))

    def read(address: str) -> Reply:
        return call(target.query_port, "GET", address, None, own, next(sources))

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for reply in threads.map(read, addresses):
            statuses.add(reply)
    return statuses


def _pair(name: str, value: str) -> str:
    return urlencode({name: value}, errors="surrogatepass")


def cursors(target: Target) -> Sent:
    """Cursors that were never given, of every shape that a cursor could unpack to."""
    shapes: list[Any] = [
        None, 0, -1, 2**70, 1e308, "x", [], [[]], {}, {"$gt": ""}, ["x"], ["x", 1], [1, "x"],
        [None, None], [2**70, "x"], ["2026-02-30T00:00:00", "x"], [["x"]] * 50, {"at": "x"}, True,
        ["9999-12-31T23:59:59.999999", "x"], [10**18, "x"], [-(10**18), "x"], [float("1e30"), "x"],
    ]  # fmt: skip
    texts = [json.dumps(shape).encode() for shape in shapes] + [b"", b"\xff", b"\0", b"1e999"]
    packed = [
        encoded
        for text in texts
        for encoded in (
            base64.urlsafe_b64encode(text).decode(),
            base64.urlsafe_b64encode(text).decode().rstrip("="),
            text.hex(),
        )
    ]
    addresses = [
        f"{API}{path}?{urlencode({'cursor': cursor, 'page_size': 2}, errors='surrogatepass')}"
        for cursor in [*packed, *VALUES]
        for path in ("/funnels/attacked/conversions", "/visitors/v/journey")
    ]
    statuses = _read_all(target, addresses, "127.6.2.")
    return Sent(f"{len(packed) + len(VALUES)} forged cursors ({statuses})", statuses.faults())


def tokens(target: Target) -> Sent:
    """Tokens that are damaged, unsigned, or signed with claims of every kind; and broken keys."""
    statuses = Statuses()
    path = f"{API}/funnels/attacked/overview?from=2026-11-01&to=2026-11-02"
    known = {"Authorization": f"Bearer {_signed(_claims())}"}
    control = call(target.query_port, "GET", path, None, known, "127.6.3.1").status
    # Otherwise all others might be refused for a reason that is none of their own.
    failures = [] if control in (200, 404) else [f"a good token is answered {control}"]
    for text in _tokens():
        for own in ({"Authorization": f"Bearer {text}"}, {"X-Daybook-Key": text}):
            try:
                reply = call(target.query_port, "GET", path, None, own, "127.6.3.1")
            except ValueError:
                continue  # no HTTP client can send this one
            statuses.add(reply)
    return Sent(f"hostile tokens and keys ({statuses})", failures + statuses.faults())


def _claims() -> dict[str, Any]:
    return {
        "iss": "https://login.example",
        "aud": "daybook",
        "exp": int(time()) + 600,
        "sub": "mallory",
        "role": "analyst",
        "organization_id": "attacker",
    }


def _tokens() -> Iterator[str]:
    good = _claims()
    for name in good:
        for value in _CLAIMS:
            yield _signed(good | {name: value})
    for header in _HEADERS:
        yield f"{_part(header)}.{_part(good)}."
        yield f"{_part(header)}.{_part(good)}.{'A' * 43}"
    deep = base64.urlsafe_b64encode(b"[" * 6_000).decode()
    yield from (
        "a.b.c",
        "..",
        ".",
        "a" * 8_000,
        f"{deep}.{deep}.x",
        "dbread_",
        "dbread_" + "a" * 32,
    )
    yield from ("dbread_" + "é" * 32, "é.é.é", "a.b.c " * 10, " ", "\t", "dbwrite_" + "\xff" * 32)


def _signed(claims: dict[str, Any]) -> str:
    try:
        return jwt.encode(claims, JWT_SECRET, "HS256")
    except (TypeError, ValueError, UnicodeEncodeError):
        # The library refuses to sign it; an attacker without the secret cannot either.
        return f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}.{'A' * 43}"


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def raw_bytes(target: Target) -> Sent:
    """Requests that are no HTTP, to the collector and to the query service."""
    statuses = Statuses()
    for port in (target.collector_port, target.query_port):
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for reply in threads.map(partial(_exchange, port), _raw(target.keys["write"])):
                statuses.add(reply)
    return Sent(f"requests that are hardly HTTP ({statuses})", statuses.faults())


def _raw(key: str) -> Iterator[bytes]:
    head = f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nX-Daybook-Key: {key}\r\n".encode()
    get = f"GET {API}/revenue HTTP/1.1\r\nHost: x\r\n".encode()
    yield from (b"\0" * 1_000, b"\r\n\r\n", b"GET /\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    yield from (
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
    )
    for path in (b"//", b"*", b"/%", b"/%zz", b"/\xff\xfe", b"http://[::1/", b"/" + b"a" * 70_000):
        yield b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    for header in (
        b"Content-Length: -1", b"Content-Length: 1e9", b"Content-Length: 99999999999999999999",
        b"Content-Length: 2\r\nContent-Length: 3", b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Expect: 100-continue",
        b"X: \xff\xfe\0", b"X: " + b"y" * 70_000, b"Authorization: Bearer \xff\xfe",
        b"Authorization:", b": x", b"Content-Encoding: gzip, gzip", b"Content-Encoding: \xff",
        b"Accept-Language: \xff\xff", b"User-Agent: \xff\xfe", b"Origin: \xff",
        b"X-Forwarded-For: \xff, 1.2.3.4.5, ::1%\0", b'If-None-Match: \xff"', b"Sec-GPC: \xff",
        b"Last-Event-ID: \xff", b"Upgrade: websocket\r\nConnection: Upgrade", b"Host: \xff\xfe",
        b"Cookie: " + b"a=1;" * 10_000,
    ):  # fmt: skip
        yield head + header + b"\r\n\r\n{}"
        yield get + header + b"\r\n\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    for chunk in (
        b"zz\r\n",
        b"-1\r\n",
        b"fffffffffffffffff\r\n",
        b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
        b"\r\n",
    ):
        yield chunked + chunk
    yield head + b"X-Id: " + uuid.uuid4().bytes + b"\r\n\r\n"


def _exchange(port: int, request: bytes) -> Reply:
    """The status of the first answer to these bytes; 0 if the server closed or said nothing."""
    try:
        with socket.create_connection((LOOPBACK, port), _SECONDS, ("127.6.4.1", 0)) as connection:
            connection.sendall(request)
            line = connection.makefile("rb").readline(200)
    except OSError:
        return Reply(0)
    parts = line.split()
    return Reply(int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0)


def _routes(target: Target) -> list[tuple[str, list[dict[str, Any]]]]:
    """The paths of reports with their parameters, from the service's own description."""
    paths = call(target.query_port, "GET", "/openapi.json").json["paths"]
    return [
        (path, methods["get"].get("parameters", []))
        for path, methods in paths.items()
        if "get" in methods and not path.endswith("/stream")
    ]


def _filled(path: str, value: str) -> str:
    for name in {part[1:-1] for part in path.split("/") if part.startswith("{")}:
        path = path.replace(f"{{{name}}}", quote(value, safe="", errors="surrogatepass"))
    return path


ATTACKS = (
    Attack("hostile paths and parameters", paths_and_parameters, seconds_max=90),
    Attack("forged cursors", cursors, seconds_max=60),
    Attack("hostile tokens and keys", tokens, seconds_max=60),
    Attack("bytes that are hardly HTTP", raw_bytes, seconds_max=60),
)
