"""While MongoDB is unavailable, cached responses are served as stale and others are 503."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import psutil
import pytest
from redis import Redis

from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from daybook.query.exports.signed_link import PREFIX
from models.event_metrics import EventMetricsDay
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.test_bodies import paths
from tests.query.test_described import STREAM
from tests.support.query import QueryProcess
from tests.support.wait import until
from tests.support.world import World

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
DASHBOARD = f"/organizations/{ORGANIZATION}/dashboard"
LIMIT_SECONDS = 2.0
FAMILIES = ("user-lifecycle", "order-funnel", "revenue")


@pytest.fixture
def mongodb(tmp_path: Path) -> MongoDB:
    return MongoDB(tmp_path / "mongodb", free_ports(1)[0])


@pytest.fixture
def office(mongodb: MongoDB, servers: dict[str, str], tmp_path: Path) -> Iterator[Office]:
    mongodb.start()
    try:
        with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
            own = Office(world)
            yield own
            own.end()
            mongodb.start()  # needed for the world's cleanup
    finally:
        mongodb.kill()
        mongodb.wipe()


def start(office: Office) -> QueryProcess:
    return office.start(DAYBOOK_QUERY_TIMEOUT_MS=str(int(LIMIT_SECONDS * 1_000)))


def expire_cache(office: Office) -> None:
    """Makes every cached response older than its lifetime."""
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        for key in redis.scan_iter(f"daybook:query:answer:{office.world.name}:*"):
            aged = json.loads(redis.get(key)) | {"at": 0.0}
            redis.set(key, json.dumps(aged))


def test_the_last_response_is_served_as_stale_and_others_are_503(
    office: Office, mongodb: MongoDB
) -> None:
    service = start(office)
    office.day(EventMetricsDay, "2026-11-01", ORGANIZATION, "gala", views=7)
    before = service.report(DASHBOARD, **DAYS).json
    assert before["as_of"]["is_stale"] is False
    expire_cache(office)
    mongodb.kill()
    stale = service.report(DASHBOARD, **DAYS)
    assert stale.status == 200
    assert stale.json["totals"] == before["totals"]
    assert stale.json["as_of"]["is_stale"] is True
    unknown = service.report("/events/gala/metrics", **DAYS)
    assert unknown.status == 503
    assert unknown.headers["content-type"] == "application/problem+json"
    assert int(unknown.headers["retry-after"]) >= 1
    assert service.report(DASHBOARD, "dbread_" + "a" * 32, **DAYS).status == 503
    assert service.get("/ready").status == 503
    assert service.get("/health").status == 200
    mongodb.start()
    until(lambda: service.get("/ready").status == 200, "the service is ready again")
    assert service.report("/events/gala/metrics", **DAYS).json["totals"]["views"] == 7


def test_every_report_is_served_as_stale_or_is_503_in_time(
    stored: Office, mongodb: MongoDB
) -> None:
    service = start(stored)
    service.key = stored.admin
    known = [*paths().values(), *((f"/{name}", DAYS) for name in FAMILIES)]
    for path, parameters in known:
        assert service.report(path, **parameters).status == 200
    described = service.get("/openapi.json").json["paths"]
    expire_cache(stored)
    mongodb.kill()
    for path, parameters in known:
        began = monotonic()
        reply = service.report(path, **parameters)
        assert (reply.status, reply.json["as_of"]["is_stale"]) == (200, True), path
        assert monotonic() - began < LIMIT_SECONDS + 2
    for path, methods in described.items():
        if path == STREAM or path.startswith(PREFIX) or "get" not in methods:
            continue
        names = {one["name"] for one in methods["get"]["parameters"]}
        days = "?from=2026-10-01&to=2026-10-02" if "from" in names else ""
        began = monotonic()
        named = re.sub(r"{\w+}", "unknown", path.replace("{person}", "u:unknown"))
        reply = service.get(named + days)
        assert (reply.status, reply.headers["retry-after"]) == (503, "2"), path
        assert monotonic() - began < LIMIT_SECONDS + 2


def test_a_hanging_server_does_not_make_requests_hang(office: Office, mongodb: MongoDB) -> None:
    service = start(office)
    assert service.report(DASHBOARD, **DAYS).status == 200
    (pid,) = (
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "mongod" in " ".join(process.info["cmdline"] or ())
        and str(mongodb.port) in (process.info["cmdline"] or ())
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        began = monotonic()
        assert service.report("/events/gala/metrics", **DAYS).status == 503
        assert monotonic() - began < LIMIT_SECONDS + 2
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_service_starts_without_its_servers(office: Office) -> None:
    service = office.start(
        DAYBOOK_MONGODB_URI="mongodb://127.0.0.1:1/?replicaSet=none",
        DAYBOOK_REDIS_URL="redis://127.0.0.1:1/0",
    )
    assert service.get("/health").status == 200
    assert service.report(DASHBOARD, **DAYS).status == 503


def test_a_service_started_meanwhile_serves_what_others_cached(
    office: Office, mongodb: MongoDB
) -> None:
    variables = {"DAYBOOK_AUTH": "off", "DAYBOOK_QUERY_TIMEOUT_MS": str(int(LIMIT_SECONDS * 1_000))}
    office.start(**variables).report("/revenue", "", **DAYS)
    expire_cache(office)
    mongodb.kill()
    service = office.start(**variables)
    began = monotonic()
    reply = service.report("/revenue", "", **DAYS)
    assert reply.status == 200
    assert reply.json["as_of"]["is_stale"] is True
    assert monotonic() - began < LIMIT_SECONDS + 1
    assert service.metric("daybook_query_answers_total", origin="stale") == 1
