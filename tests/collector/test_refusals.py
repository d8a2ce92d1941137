"""Refused calls: their status and the response's body."""

import gzip
import json
import socket
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import psutil
import pytest

from tests.collector.conftest import Site
from tests.support.collector import TRACK, CollectorProcess

VISIT: dict[str, Any] = {"visitor_id": "v-1", "session_id": "s-1"}
VIEW = VISIT | {"event_type": "page_view"}
MIB = 2**20


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"event_type=page_view",
        b'{"event_type": "page_view"} {}',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[" * 40_000,
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_not_json_is_400(shared: CollectorProcess, body: bytes) -> None:
    reply = shared.track(body)
    assert (reply.status, reply.json["status"]) == (400, "refused")


@pytest.mark.parametrize(
    "body",
    [1, "text", None, True, {"events": {}}, {"events": None}, b'"\\ud800"', b'"\xff"'],
    ids=repr,
)
def test_json_without_events_is_422(shared: CollectorProcess, body: Any) -> None:
    reply = shared.track(body)
    assert reply.status == 422
    assert reply.json["errors"][0]["field"] == "events"
    assert reply.json["reason"].startswith("must be an event, an array of events")


@pytest.mark.parametrize("body", [[], {"events": []}], ids=repr)
def test_an_empty_batch_is_422(shared: CollectorProcess, body: Any) -> None:
    reply = shared.track(body)
    assert reply.status == 422
    assert reply.json["errors"] == [
        {"field": "events", "message": "has no events: send at least one"}
    ]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["event_type"]),
        (VISIT | {"event_type": "order.created"}, ["event_type"]),
        (VISIT | {"event_type": ["page_view"]}, ["event_type"]),
        (VISIT | {"event_type": "email_confirmed", "order_id": "o-1"}, ["event_type"]),
        ({"event_type": "page_view"}, ["session_id", "visitor_id"]),
        (VIEW | {"visitor_id": 7}, ["visitor_id"]),
        (VIEW | {"visitor_id": ""}, ["visitor_id"]),
        (VIEW | {"visitor_id": "a\0b"}, ["visitor_id"]),
        (VIEW | {"visitor_id": "v" * 129}, ["visitor_id"]),
        (VIEW | {"visitor_id": {"$gt": ""}}, ["visitor_id"]),
        (VIEW | {"event_id": "7"}, ["event_id"]),
        (VIEW | {"occurred_at": "soon"}, ["occurred_at"]),
        (VIEW | {"sent_at": 5}, ["sent_at"]),
        (VIEW | {"url": 5, "referrer": ["x"]}, ["referrer", "url"]),
        (VIEW | {"utm_source": {"a": 1}}, ["utm_source"]),
        (VIEW | {"metadata": []}, ["metadata"]),
        (VIEW | {"metadata": {"a": "x" * 4_096}}, ["metadata"]),
        (VIEW | {"metadata": {"a": 2**63}}, ["metadata"]),
        (VIEW | {"metadata": json.loads('{"a":' * 50 + "1" + "}" * 50)}, ["metadata"]),
        (VISIT | {"event_type": "step_entry"}, ["funnel_id", "funnel_step_id"]),
        (
            VISIT | {"event_type": "step_entry", "funnel_id": "f", "funnel_step_id": 5},
            ["funnel_step_id"],
        ),
        (
            VISIT
            | {
                "event_type": "step_exit",
                "funnel_id": "f",
                "funnel_step_id": "s",
                "exit_outcome": "x",
            },
            ["exit_outcome"],
        ),
        (
            VISIT
            | {
                "event_type": "step_exit",
                "funnel_id": "f",
                "funnel_step_id": "s",
                "exit_outcome": "bounce",
                "next_step_id": "t",
            },
            ["next_step_id"],
        ),
        (VIEW | {"entity_id": "asset-1"}, ["entity_type"]),
        (VISIT | {"event_type": "view"}, ["ticketed_event_id"]),
        (VISIT | {"event_type": "engagement", "seconds": -1}, ["seconds"]),
        (VISIT | {"event_type": "engagement", "seconds": 3601}, ["seconds"]),
        *(
            (
                VISIT
                | {
                    "event_type": "conversion",
                    "funnel_id": "f",
                    "conversion_type": "purchase",
                    "value_cents": value,
                },
                ["value_cents"],
            )
            for value in (-1, 10**11 + 1, "1", True, 1.5, 2**63)
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)
def test_wrong_fields_are_422_and_named(
    shared: CollectorProcess, body: dict[str, Any], fields: list[str]
) -> None:
    reply = shared.track(body)
    assert reply.status == 422, reply.body
    assert reply.json["status"] == "invalid"
    assert sorted(error["field"] for error in reply.json["errors"]) == fields


def test_refused_events_are_not_in_the_log(site: Site, collector: CollectorProcess) -> None:
    bodies: list[Any] = [{}, [{}, {}], b"{"]
    for body in bodies:
        assert collector.track(body).status in (400, 422)
    assert site.logged() == []


@pytest.mark.parametrize("key", ["", "x", "dbwrite_" + "a" * 32, "dbserver_" + "a" * 32])
def test_an_unknown_key_is_401(shared: CollectorProcess, key: str) -> None:
    reply = shared.track(VIEW, key=key)
    assert reply.status == 401
    assert reply.json["reason"].startswith("no such key" if key else "a key is required")
    assert reply.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("where", ["header", "bearer", "query"])
def test_a_public_key_may_be_in_two_headers_or_in_the_query(
    shared: CollectorProcess, where: str
) -> None:
    path, headers = TRACK, {"Accept-Language": "de"}
    if where == "query":
        path += f"?key={shared.key}"
    elif where == "header":
        headers |= {"X-Daybook-Key": shared.key}
    else:
        headers |= {"Authorization": f"Bearer {shared.key}"}
    assert shared.call("POST", path, json.dumps(VIEW), headers).status == 202


def test_a_secret_key_in_the_query_is_refused(site: Site, collector: CollectorProcess) -> None:
    reply = collector.call("POST", f"{TRACK}?key={site.server_key}", json.dumps(VIEW), {})
    assert reply.status == 401


def test_a_batch_of_500_is_accepted_and_one_of_501_is_413(
    site: Site, collector: CollectorProcess
) -> None:
    reply = collector.track([VIEW] * 500, key=site.server_key)
    assert (reply.status, reply.json["accepted"]) == (202, 500)
    assert collector.track({"events": [VIEW] * 501}, key=site.server_key).status == 413
    assert len(site.logged()) == 500


def test_a_body_over_one_mib_is_413(shared: CollectorProcess) -> None:
    fits = json.dumps(VIEW).encode()
    assert shared.track(fits + b" " * (MIB - len(fits))).status == 202
    assert shared.track(fits + b" " * (MIB + 1 - len(fits))).status == 413
    assert shared.track(b" " * (5 * MIB)).status == 413


def test_a_large_body_is_refused_by_its_content_length(shared: CollectorProcess) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as connection:
        head = {"Host": "x", "X-Daybook-Key": shared.key, "Content-Length": str(10**12)}
        lines = [f"POST {TRACK} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_chunked_body_is_read_only_up_to_a_limit(shared: CollectorProcess) -> None:
    sent = 0

    def chunks() -> Any:
        nonlocal sent
        while sent < 64 * MIB:
            sent += 65_536
            yield b" " * 65_536

    headers = {"X-Daybook-Key": shared.key, "Transfer-Encoding": "chunked"}
    try:
        status = shared.call("POST", TRACK, chunks(), headers).status
    except ConnectionError:
        status = 413  # the collector closed the connection, because the client did not stop
    assert status == 413
    assert sent < 32 * MIB


def test_gzip_is_decompressed(site: Site, collector: CollectorProcess) -> None:
    compressed = gzip.compress(json.dumps([VIEW] * 3).encode())
    reply = collector.track(compressed, headers={"Content-Encoding": "gzip"})
    assert (reply.status, reply.json["accepted"]) == (202, 3)


def test_a_gzip_bomb_is_413_and_takes_no_memory(collector: CollectorProcess) -> None:
    compressor = zlib.compressobj(9, wbits=31)
    bomb = b"".join(compressor.compress(b" " * MIB) for _ in range(800)) + compressor.flush()
    assert len(bomb) < MIB
    process = psutil.Process(collector.pid)
    before = process.memory_info().rss
    for _ in range(5):
        assert collector.track(bomb, headers={"Content-Encoding": "gzip"}).status == 413
    assert process.memory_info().rss - before < 32 * MIB


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"{}")[:-4], "gzip", 400),
        (gzip.compress(b"{}") + b"more", "gzip", 400),
        (b"{}", "br", 415),
    ],
    ids=["no gzip", "gzip cut short", "gzip and more", "brotli"],
)
def test_invalid_gzip_and_other_encodings_are_refused(
    shared: CollectorProcess, body: bytes, encoding: str, status: int
) -> None:
    assert shared.track(body, headers={"Content-Encoding": encoding}).status == status


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_callers_that_opt_out_are_not_tracked(
    site: Site, collector: CollectorProcess, header: str
) -> None:
    headers: Mapping[str, str] = {header: "1"}
    reply = collector.track(VIEW, headers=headers)
    assert (reply.status, reply.json["status"]) == (202, "ignored")
    assert collector.track(b"{", headers=headers).status == 202
    assert site.logged() == []
    assert collector.metric("daybook_collector_do_not_track_total") == 2
    assert collector.track(VIEW | {"event_id": str(uuid4())}, headers={header: "0"}).status == 202
    assert len(site.logged()) == 1


def test_server_events_need_a_server_key(site: Site, collector: CollectorProcess) -> None:
    body = {"event_type": "barcode_scanned", "ticket_id": "t-1", "ticketed_event_id": "gala"}
    assert collector.track(body).status == 422
    assert collector.track(body, key=site.server_key).status == 202
    (logged,) = site.logged()
    assert logged.key == "t:t-1"
