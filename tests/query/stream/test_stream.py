"""A stream starts with today's totals and continues with their changes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from redis import Redis

from daybook.engine.documents.keys import encode_part
from daybook.funnels.live import redis_keys
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import API, QueryProcess
from tests.support.streams import listening
from tests.support.wait import until

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def redis(office: Office) -> Iterator["Redis"]:
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as own:
        yield own


@pytest.fixture
def event(office: Office) -> str:
    """An event's id, unique to the test, because all tests share one Redis."""
    name = f"gala:{office.world.name}"
    office.day(EventMetricsDay, TODAY, ORGANIZATION, name, views=3, currencies={})
    return name


def row(event: str, revision: int, at: int = 0, **numbers: Any) -> dict[str, Any]:
    return {
        "date": TODAY,
        "revision": revision,
        "updated_at": f"{TODAY}T00:00:{at:02}.000+00:00",
        "organization_id": ORGANIZATION,
        "event_id": event,
        **numbers,
    }


def channel(event: str) -> str:
    return redis_keys.event_channel(ORGANIZATION, event)


def subscribers(redis: "Redis", name: str) -> int:
    [(_, found)] = redis.pubsub_numsub(name)
    return int(found)


def test_a_stream_starts_with_the_totals_of_redis_and_continues_with_each_message(
    service: QueryProcess, redis: "Redis", event: str
) -> None:
    key = redis_keys.event_totals(ORGANIZATION, event)
    stored: Any = row(event, 7, 3, views=9, **{"revenue_cents.EUR": 5})
    redis.hset(key, mapping=stored)
    with listening(service, f"analytics:event:{event}") as listener:
        assert listener.reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        first = listener.next()
        assert first is not None
        assert (first.name, first.data) == ("totals", stored)
        assert first.id == datetime.fromisoformat(first.data["updated_at"]).timestamp() * 1_000
        redis.publish(channel(event), json.dumps(row(event, 8, 4, views=10)))
        then = listener.next()
        assert then is not None
        assert (then.name, then.data["views"], then.id) == ("totals", 10, first.id + 1_000)
    redis.delete(key)


def test_a_head_request_for_a_stream_ends_at_once(
    service: QueryProcess, redis: "Redis", event: str
) -> None:
    path = f"{API}/stream?channel={quote(f'analytics:event:{event}')}"
    reply = service.call("HEAD", path, None, {"Authorization": f"Bearer {service.key}"})
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    until(lambda: subscribers(redis, channel(event)) == 0, "the subscription ends")


def test_if_redis_has_no_totals_they_come_from_mongodb(service: QueryProcess, event: str) -> None:
    with listening(service, f"analytics:event:{event}") as listener:
        first = listener.next()
    assert first is not None
    assert (first.data["views"], first.data["revision"], first.data["date"]) == (3, 1, TODAY)


def test_an_event_without_traffic_today_has_zeros_beside_the_sums_of_all_days(
    office: Office, service: QueryProcess
) -> None:
    for day, sold in (("2026-11-01", 3), ("2026-11-02", 4)):
        sums = {"tickets_sold": sold, "admissions": 1}
        office.day(EventMetricsDay, day, ORGANIZATION, "quiet", **sums, currencies={})
    office.world.documents["ticketed_events"].insert_one(
        {
            "_id": f"{ORGANIZATION}:quiet",
            "organization_id": ORGANIZATION,
            "event_id": "quiet",
            "capacity": 20,
        }
    )
    with listening(service, "analytics:event:quiet") as listener:
        first = listener.next()
    assert first is not None
    assert (first.data["views"], first.data["updated_at"], first.data["date"]) == (0, None, TODAY)
    assert first.data["tickets_sold"] == 0
    assert first.data["total_tickets_sold"] == 7
    assert first.data["total_admissions"] == 2
    assert first.data["capacity"] == 20


def test_older_totals_and_invalid_messages_are_ignored(
    service: QueryProcess, redis: "Redis", event: str
) -> None:
    with listening(service, f"analytics:event:{event}") as listener:
        listener.next()
        for message in (row(event, 5, views=5), row(event, 4, views=4), row(event, 5, views=6)):
            redis.publish(channel(event), json.dumps(message))
        for nonsense in ("{", "[]", "null", "{}", '{"date": 1, "revision": "x"}', "\xff"):
            redis.publish(channel(event), nonsense)
        redis.publish(channel(event), json.dumps(row(event, 6, views=7)))
        events = [listener.next(), listener.next()]
    assert [event and event.data["views"] for event in events] == [5, 7]


def test_a_dashboard_channel_has_all_funnels_and_events(office: Office, redis: "Redis") -> None:
    own = f"org-{office.world.name}"
    service = office.start()
    service.key = office.key("owner", own)
    office.day(EventMetricsDay, TODAY, own, "gala", views=3, currencies={})
    office.day(FunnelDay, TODAY, own, "gala", sessions=4, currencies={})
    office.day(FunnelDay, "2026-11-01", own, "autumn", sessions=9, currencies={})
    office.day(FunnelDay, TODAY, OTHER, "secret", sessions=5, currencies={})
    with listening(service, f"analytics:dashboard:{own}") as listener:
        first = listener.next()
        assert first is not None
        funnel, gala = first.data["totals"]
        assert (funnel["funnel_id"], funnel["sessions"]) == ("gala", 4)
        assert (gala["event_id"], gala["views"]) == ("gala", 3)
        message = {"totals": [row("gala", 2, views=8), row("ball", 1, views=1)]}
        redis.publish(f"analytics:dashboard:{encode_part(own)}", json.dumps(message))
        then = listener.next()
    assert then is not None
    assert [each["event_id"] for each in then.data["totals"]] == ["gala", "ball"]


def test_a_resumed_stream_starts_with_totals_that_include_what_was_missed(
    service: QueryProcess, redis: "Redis", event: str
) -> None:
    with listening(service, f"analytics:event:{event}") as staying:
        staying.next()
        with listening(service, f"analytics:event:{event}") as leaving:
            last = leaving.next()
        redis.publish(channel(event), json.dumps(row(event, 5, views=50)))
        staying.next()
        assert last is not None
        with listening(service, f"analytics:event:{event}", last_id=last.id) as again:
            first = again.next()
    assert first is not None
    assert (first.name, first.data["views"]) == ("totals", 50)


def test_all_clients_of_a_channel_share_one_subscription_that_ends_with_the_last(
    service: QueryProcess, redis: "Redis", event: str
) -> None:
    with ExitStack() as stack:
        name = f"analytics:event:{event}"
        listeners = [stack.enter_context(listening(service, name)) for _ in range(190)]
        for each in listeners:
            each.next()
        assert subscribers(redis, channel(event)) == 1
        assert service.metric("daybook_query_streams") == 190
        for revision in range(5, 15):
            redis.publish(channel(event), json.dumps(row(event, revision, views=revision)))
        for each in listeners:
            events = [each.next() for _ in range(10)]
            assert [event and event.data["views"] for event in events] == list(range(5, 15))
        assert service.get("/health").status == 200
    until(lambda: service.metric("daybook_query_streams") == 0, "all streams have ended")
    until(lambda: subscribers(redis, channel(event)) == 0, "the subscription has ended")


def test_a_service_ends_its_streams_when_it_stops(office: Office, event: str) -> None:
    service = office.start()
    with listening(service, f"analytics:event:{event}") as listener:
        listener.next()
        began = datetime.now(UTC)
        assert service.end() == 0
        assert listener.next() is None
    assert (datetime.now(UTC) - began).total_seconds() < 10
    assert "Traceback" not in service.output()
