"""Responses: freshness, conditional requests, caching, and unavailable servers."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from models.funnel import FunnelDay
from models.order_funnel import OrderFunnelDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
GROUP = "sc-analytics-order-funnel"
UNAVAILABLE = "redis://127.0.0.1:1/0"


@pytest.fixture
def admin(office: Office, service: QueryProcess) -> QueryProcess:
    service.key = office.admin
    return service


def member(number: int, at: datetime, event: datetime | None, *lags: int) -> dict[str, Any]:
    partitions = [
        {"topic_id": "t", "partition": place, "lag": lag} for place, lag in enumerate(lags)
    ]
    return {
        "_id": f"{GROUP}:{number}",
        "heartbeat_at": at,
        "newest_event_at": event,
        "partitions": partitions,
    }


def test_a_response_states_its_freshness(office: Office, admin: QueryProcess) -> None:
    first, later = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (10, 11))
    documents = office.world.documents
    documents["_daybook_members"].insert_many(
        [member(1, later, first, 5, 7), member(2, first, later, 100), member(3, first, None)]
    )
    other = member(4, later, later, 9_999) | {"_id": f"{GROUP}-other:1"}
    documents["_daybook_members"].insert_one(other)
    documents["_daybook"].insert_one({"_id": f"checkpoint:{GROUP}:t:0", "at": later})
    reply = admin.report("/order-funnel", **DAYS, tz="Europe/Berlin")
    assert reply.json["as_of"] == {
        "newest_event_at": "2026-11-02T12:00:00+01:00",
        "counted_at": "2026-11-02T12:00:00+01:00",
        "lag_messages": 12,
        "reported_at": "2026-11-02T12:00:00+01:00",
        "is_stale": False,
    }
    assert json.loads(reply.headers["daybook-as-of"]) == reply.json["as_of"]


def test_freshness_is_unknown_until_a_member_reports(admin: QueryProcess) -> None:
    as_of = admin.report("/order-funnel", **DAYS).json["as_of"]
    assert as_of.pop("is_stale") is False
    assert set(as_of.values()) == {None}


def test_a_conditional_request_for_unchanged_numbers_gets_304(
    office: Office, admin: QueryProcess
) -> None:
    path = "/api/v1/analytics/order-funnel?from=2026-11-01&to=2026-11-02"
    tag = admin.get(path).headers["etag"]
    again = admin.get(path, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert admin.get(path, headers={"If-None-Match": '"x"'}).status == 200
    fresh = office.start(DAYBOOK_REDIS_URL=UNAVAILABLE)
    fresh.key = office.admin
    office.day(OrderFunnelDay, "2026-11-01", orders_created=1)
    changed = fresh.get(path, headers={"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["etag"] != tag


def test_a_cached_response_of_another_scope_is_never_served(
    office: Office, service: QueryProcess
) -> None:
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=1)
    office.day(FunnelDay, "2026-11-01", OTHER, "spring", sessions=2)
    path = f"/organizations/{ORGANIZATION}/dashboard"
    assert service.report(path, **DAYS).json["totals"]["sessions"] == 1
    assert service.report(path, office.stranger, **DAYS).status == 404
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        for key in redis.scan_iter(f"daybook:query:answer:{office.world.name}:*"):
            stolen = json.loads(redis.get(key)) | {"scope": f"({OTHER!r}, None)"}
            redis.set(key, json.dumps(stolen))
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=3)
    assert service.report(path, **DAYS).json["totals"]["sessions"] == 3


def test_without_redis_every_response_is_computed(office: Office) -> None:
    service = office.start(DAYBOOK_REDIS_URL=UNAVAILABLE)
    for count in (1, 2):
        office.day(OrderFunnelDay, "2026-11-01", orders_created=count)
        body = service.report("/order-funnel", office.admin, **DAYS).json
        assert body["totals"]["orders_created"] == count
    assert service.metric("daybook_query_unlimited_total") == 2


def test_concurrent_requests_share_one_computation(office: Office) -> None:
    service = office.start()
    with ThreadPoolExecutor(20) as pool:
        replies = list(
            pool.map(lambda _: service.report("/revenue", office.admin, **DAYS), range(60))
        )
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert service.metric("daybook_query_answers_total", origin="made") == 1
