"""The rate limit of an address, and how the address and its country are determined."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.collector.conftest import Site
from tests.support.collector import CollectorProcess
from tests.support.mmdb import write_database
from tests.support.wait import until

VIEW = {"event_type": "page_view", "visitor_id": "v-1", "session_id": "s-1"}
SLOW = {"DAYBOOK_COLLECTOR_RATE": "1", "DAYBOOK_COLLECTOR_BURST": "20"}
BEHIND = {"DAYBOOK_TRUSTED_PROXIES": "127.0.0.0/8"}


@pytest.fixture
def slow(site: Site) -> Iterator[CollectorProcess]:
    yield site.start(**SLOW, **BEHIND).ready()


def test_calls_beyond_the_rate_limit_get_429_with_the_time_to_wait(
    site: Site, slow: CollectorProcess
) -> None:
    assert slow.track([VIEW] * 20).status == 202
    reply = slow.track([VIEW] * 3)
    assert reply.status == 429
    assert reply.headers["retry-after"] == "3"
    assert len(site.logged()) == 20
    assert slow.metric("daybook_collector_events_total", outcome="limited") == 3
    until(lambda: slow.track(VIEW).status == 202, "the bucket has a token again")


def test_a_batch_larger_than_the_bucket_is_accepted_once(slow: CollectorProcess) -> None:
    assert slow.track([VIEW] * 30).status == 202
    assert int(slow.track(VIEW).headers["retry-after"]) >= 10


def test_an_invalid_body_takes_a_token_too(slow: CollectorProcess) -> None:
    statuses = [slow.track(b"{").status for _ in range(22)]
    assert statuses[:20] == [400] * 20
    assert 429 in statuses


def test_collectors_share_the_limit(site: Site) -> None:
    first, second = (site.start(**SLOW).ready() for _ in range(2))
    assert first.track([VIEW] * 20).status == 202
    assert second.track([VIEW] * 5).status == 429


def test_a_server_key_is_not_limited(site: Site, slow: CollectorProcess) -> None:
    for _ in range(3):
        assert slow.track([VIEW] * 500, key=site.server_key).status == 202


def test_callers_behind_a_trusted_proxy_have_separate_limits(slow: CollectorProcess) -> None:
    for address in ("198.51.100.1", "198.51.100.2"):
        headers = {"X-Forwarded-For": f"1.2.3.4, {address}"}
        assert slow.track([VIEW] * 20, headers=headers).status == 202
        assert slow.track([VIEW] * 5, headers=headers).status == 429


def test_a_forged_header_does_not_evade_the_limit(site: Site) -> None:
    collector = site.start(**SLOW).ready()
    statuses = [
        collector.track([VIEW] * 5, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status
        for n in range(8)
    ]
    assert statuses[:4] == [202] * 4
    assert set(statuses[5:]) == {429}


def test_a_caller_over_its_limit_without_a_browsers_headers_is_a_bot(
    site: Site, slow: CollectorProcess
) -> None:
    no_language = {"Accept-Language": ""}
    assert slow.track([VIEW] * 20, headers=no_language).status == 202
    assert slow.track([VIEW] * 2, headers=no_language).status == 429
    until(
        lambda: slow.track(VIEW, headers=no_language).status == 202, "the bucket has a token again"
    )
    reasons = [one.event["data"]["context"]["bot"] for one in site.logged()]
    assert sorted(reasons) == [[]] * 20 + [["no_language", "rate"]]
    assert slow.metric("daybook_collector_bot_events_total", reason="rate") == 1


def test_the_country_is_that_of_the_address(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "countries.mmdb"
    write_database(file, {"198.51.100.0/24": "DE", "203.0.113.0/24": "JP"})
    collector = site.start(DAYBOOK_GEOIP_FILE=str(file), **BEHIND).ready()

    def country(key: str, forwarded: str, ip_address: str) -> str | None:
        body = VIEW | {"ip_address": ip_address}
        reply = collector.track(body, key=key, headers={"X-Forwarded-For": forwarded})
        event_id = reply.json["event_id"]
        (event,) = (x.event for x in site.logged() if x.event["event_id"] == event_id)
        code: str | None = event["data"]["context"].get("country")
        return code

    assert country(site.write_key, "198.51.100.7", "203.0.113.9") == "DE"
    assert country(site.server_key, "198.51.100.7", "203.0.113.9") == "JP"
    assert country(site.server_key, "198.51.100.7", "") is None
    assert country(site.write_key, "192.0.2.1", "") is None


def test_addresses_user_agents_and_keys_are_neither_stored_nor_logged(site: Site) -> None:
    collector = site.start(**BEHIND).ready()
    agent = "Mozilla/5.0 (secret-agent-7)"
    body = VIEW | {"user_agent": agent, "ip_address": "203.0.113.77"}
    headers = {"X-Forwarded-For": "198.51.100.99", "User-Agent": agent}
    assert collector.track([body, body | {"visitor_id": 5}], headers=headers).status == 202
    assert collector.track(b"{", headers=headers).status == 400
    logged = json.dumps([one.event for one in site.logged()])
    redis = "".join(redis_keys(site))
    metrics = collector.get("/metrics").body.decode()
    for output in (logged, redis, metrics, collector.output()):
        for secret in ("198.51.100.99", "203.0.113.77", "secret-agent", site.write_key):
            assert secret not in output
    assert "invalid events" in collector.output()


def redis_keys(site: Site) -> list[str]:
    """The names of the collector's keys in Redis, which stores nothing else of a call."""
    with Redis.from_url(site.world.variables["DAYBOOK_REDIS_URL"]) as client:
        return [key.decode() for key in client.scan_iter("daybook:collector:*")]
