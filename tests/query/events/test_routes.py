"""Reports of a ticketed event, for a range of days and for today."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Int64
from redis import Redis

from daybook.engine.documents.sketches import add_keys
from daybook.funnels.live import redis_keys
from models.event_metrics import EventMetricsDay
from tests.query.conftest import ORGANIZATION, Office
from tests.support.query import QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}


def define(office: Office, capacity: int | None = 100) -> None:
    office.world.documents["ticketed_events"].insert_one(
        {
            "_id": f"{ORGANIZATION}:gala",
            "organization_id": ORGANIZATION,
            "event_id": "gala",
            "name": "Gala",
            "status": "published",
            "capacity": capacity,
            "starts_at": datetime(2099, 12, 1, 19, tzinfo=UTC),
        }
    )


def sketch(office: Office, kind: str, day: str, people: list[str]) -> None:
    office.world.documents["analytics_uniques"].insert_one(
        {
            "organization_id": ORGANIZATION,
            "kind": kind,
            "id": "gala",
            "period": day,
            "sketch": add_keys(None, people),
            "_daybook": {"model": 1},
        }
    )


def fill(office: Office) -> None:
    for day, viewers, buyers in (
        ("2026-11-01", ["a", "b", "c"], ["a"]),
        ("2026-11-02", ["a", "d"], ["a"]),
    ):
        office.day(
            EventMetricsDay,
            day,
            ORGANIZATION,
            "gala",
            views=10,
            tickets_sold=20,
            unique_viewers=len(viewers),
            unique_buyers=len(buyers),
            currencies={"EUR": {"revenue_cents": Int64(40_000)}},
        )
        sketch(office, "event", day, viewers)
        sketch(office, "event_buyers", day, buyers)


def test_people_of_a_range_are_counted_once(office: Office, service: QueryProcess) -> None:
    define(office)
    fill(office)
    body = service.report("/events/gala/metrics", **DAYS, tz="Europe/Berlin").json
    assert (body["event_id"], body["name"], body["currency"]) == ("gala", "Gala", "EUR")
    assert body["starts_at"] == "2099-12-01T20:00:00+01:00"
    totals = body["totals"]
    assert (totals["views"], totals["tickets_sold"], totals["revenue_cents"]) == (20, 40, 80_000)
    assert (totals["unique_viewers"], totals["unique_buyers"]) == (4, 1)
    assert (totals["conversion_rate"], totals["daily_conversion_rate"]) == (1 / 4, 2 / 5)
    assert body["uniques"]["unique_viewers"]["by_day"] == 5
    assert [day["unique_viewers"] for day in body["over_time"]] == [3, 2]
    assert body["occupancy"] == {
        "capacity": 100,
        "tickets_sold": 40,
        "admissions": 0,
        "sold_rate": 0.4,
        "admission_rate": 0.0,
        "rate": 0.4,
        "rate_basis": "tickets_sold",
        "basis": "purchases",
    }


def test_an_hour_of_an_event_has_its_own_numbers(office: Office, service: QueryProcess) -> None:
    define(office)
    nine = {"views": 6, "tickets_sold": 2, "revenue_cents": 400}
    euros = {"EUR": {"revenue_cents": Int64(400)}}
    office.day(
        EventMetricsDay,
        "2026-11-01",
        *(ORGANIZATION, "gala"),
        views=6,
        tickets_sold=2,
        currencies=euros,
        hours={"09": nine},
    )
    series = service.report("/events/gala/metrics", **DAYS, granularity="hour").json["over_time"]
    assert len(series) == 48
    assert (series[9]["views"], series[9]["revenue_cents"]) == (6, 400)
    assert (series[10]["views"], series[10]["revenue_cents"]) == (0, 0)
    months = service.report("/events/gala/metrics", **DAYS, granularity="month").json["over_time"]
    assert [month["views"] for month in months] == [6]


def test_an_event_known_from_traffic_only_has_no_name(
    office: Office, service: QueryProcess
) -> None:
    fill(office)
    body = service.report("/events/gala/metrics", **DAYS).json
    assert body["name"] is None
    assert body["occupancy"]["rate"] is None


def test_an_unknown_event_is_not_found(service: QueryProcess) -> None:
    for report in ("metrics", "live"):
        reply = service.report(f"/events/gala/{report}")
        assert reply.status == 404
        assert reply.json["detail"] == "there is no such event"


def totals_hash(today: str, **fields: Any) -> dict[str, Any]:
    return {
        "date": today,
        "revision": "7",
        "updated_at": f"{today}T00:00:00.000+00:00",
        "organization_id": ORGANIZATION,
        "event_id": "gala",
        **fields,
    }


def recent_member(session: str) -> str:
    """A view as the group keeps it in Redis."""
    event = {"event_id": f"e-{session}", "event_type": "view", "step_id": None}
    return json.dumps(event | {"timestamp": "2026-11-20T10:00:00Z", "session_id": session})


def test_live_numbers_and_current_visitors_come_from_redis(
    office: Office, service: QueryProcess
) -> None:
    define(office)
    now = datetime.now(UTC)
    today, now_ms = now.date().isoformat(), now.timestamp() * 1000
    totals = redis_keys.event_totals(ORGANIZATION, "gala")
    active = redis_keys.event_active(ORGANIZATION, "gala")
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        fields = {
            "views": "9",
            "unique_viewers": "4",
            "unique_buyers": "1",
            "revenue_cents.EUR": "5",
        }
        redis.hset(totals, mapping=totals_hash(today, **fields))
        past = (now - timedelta(minutes=31)).timestamp() * 1000
        redis.zadd(active, {"v-1": now_ms, "v-2": now_ms, "gone": past})
        redis.zadd(f"{active}:checkout", {"v-1": now_ms})
        recent = redis_keys.event_recent(ORGANIZATION, "gala")
        redis.zadd(recent, {recent_member("s-1"): now_ms, recent_member("gone"): past})
        body = service.report("/events/gala/live").json
        redis.delete(totals, active, f"{active}:checkout", recent)
    assert [event["session_id"] for event in body["recent_events"]] == ["s-1"]
    assert (body["source"], body["date"], body["views"]) == ("redis", today, 9)
    assert (body["conversion_rate"], body["currency"], body["revenue_cents"]) == (0.25, "EUR", 5)
    assert (body["active_visitors"], body["active_checkouts"]) == (2, 1)
    assert body["occupancy"]["capacity"] == 100


def test_without_redis_live_numbers_come_from_mongodb(office: Office) -> None:
    service = office.start(DAYBOOK_REDIS_URL="redis://127.0.0.1:1/0")
    today = datetime.now(UTC).date().isoformat()
    office.day(EventMetricsDay, today, ORGANIZATION, "gala", views=3, currencies={})
    reply = service.report("/events/gala/live")
    assert reply.status == 200
    body = reply.json
    assert (body["source"], body["views"], body["conversion_rate"]) == ("mongodb", 3, None)
    assert (body["active_visitors"], body["active_checkouts"]) == (None, None)
