"""CORS, the client's file, probes, metrics, unknown paths and the OpenAPI description."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from daybook.collector.event import FIELDS
from daybook.collector.script import SOURCE
from daybook.service import api_keys
from tests.collector.conftest import Site
from tests.support.collector import TRACK, CollectorProcess

VIEW = {"event_type": "page_view", "visitor_id": "v-1", "session_id": "s-1"}
SHOP = "https://shop.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-daybook-key",
}


def test_only_configured_origins_may_read_the_response(site: Site) -> None:
    collector = site.start(DAYBOOK_COLLECTOR_ORIGINS=f"{SHOP}, https://other.example").ready()
    allowed = collector.track(VIEW, headers={"Origin": SHOP})
    assert allowed.headers["access-control-allow-origin"] == SHOP
    assert "retry-after" in allowed.headers["access-control-expose-headers"].lower()
    foreign = collector.track(VIEW, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    refused = collector.track(VIEW, key="none", headers={"Origin": SHOP})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, SHOP)
    reply = collector.call("OPTIONS", TRACK, None, PREFLIGHT | {"Origin": SHOP})
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, SHOP)
    reply = collector.call("OPTIONS", TRACK, None, PREFLIGHT | {"Origin": "https://evil.example"})
    assert reply.status == 400


def test_without_configured_origins_no_origin_may_read_it(shared: CollectorProcess) -> None:
    reply = shared.track(VIEW, headers={"Origin": SHOP})
    assert (reply.status, "access-control-allow-origin" in reply.headers) == (202, False)


def test_the_client_is_served_compressed_and_cacheable(shared: CollectorProcess) -> None:
    plain = shared.get("/daybook.js")
    assert plain.status == 200
    assert plain.body == SOURCE.read_bytes()
    assert plain.headers["content-type"].startswith("text/javascript")
    assert "max-age" in plain.headers["cache-control"]
    compressed = shared.get("/daybook.js", {"Accept-Encoding": "br, gzip"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == plain.body
    again = shared.get("/daybook.js", {"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_probes_and_metrics_are_served(shared: CollectorProcess) -> None:
    assert shared.get("/live").status == 200
    assert shared.get("/ready").body == b"ok\n"
    before = shared.metric("daybook_collector_events_total", outcome="accepted")
    assert shared.track([VIEW, VIEW, {}]).status == 202
    assert shared.metric("daybook_collector_events_total", outcome="accepted") - before == 2
    assert shared.metric("daybook_collector_requests_total", status="202") >= 1


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nothing", 404, "no such path"),
        ("GET", TRACK, 405, "Method Not Allowed"),
        ("POST", "/daybook.js", 405, "Method Not Allowed"),
        ("POST", f"{TRACK}/", 404, "no such path"),
        ("GET", "/daybook.js/", 404, "no such path"),
    ],
)
def test_unknown_paths_and_methods_are_refused_with_the_usual_body(
    shared: CollectorProcess, method: str, path: str, status: int, reason: str
) -> None:
    reply = shared.call(method, path, None, {})
    assert (reply.status, reply.json) == (status, {"status": "refused", "reason": reason})
    assert "location" not in reply.headers


@pytest.mark.parametrize("path", ["/daybook.js", "/live", "/ready", "/openapi.json", "/nothing"])
def test_head_is_answered_like_get_without_a_body(shared: CollectorProcess, path: str) -> None:
    get, head = shared.get(path), shared.call("HEAD", path, None, {})
    assert (head.status, head.body) == (get.status, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers.get(name) == get.headers.get(name)


def test_the_description_names_every_event_type(shared: CollectorProcess) -> None:
    described = json.loads(shared.get("/openapi.json").body)["paths"]
    assert list(described) == [TRACK]
    operation = described[TRACK]["post"]
    event = operation["requestBody"]["content"]["application/json"]["schema"]["oneOf"][0]
    assert event["properties"]["event_type"]["enum"] == list(FIELDS)
    assert {"202", "401", "413", "422", "429", "503"} <= operation["responses"].keys()


def test_a_revoked_key_is_refused_soon(site: Site, collector: CollectorProcess) -> None:
    """A cached key is valid for 30 s; this collector has not cached it, so it refuses at once."""
    (key,) = (key for key in api_keys.find_all(site.world.documents) if key.kind == "write")
    api_keys.revoke(site.world.documents, key.id, datetime.now(UTC))
    assert collector.track(VIEW).status == 401
