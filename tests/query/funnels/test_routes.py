"""The routes of funnel reports: missing objects, pages, time zones, realtime, revenue."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import Int64
from redis import Redis

from daybook.funnels.live import redis_keys
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.query.funnels.conftest import Reading
from tests.query.funnels.shop import FIRST, LAST
from tests.support.query import QueryProcess

DAYS = {"date_from": FIRST, "date_to": LAST}
NOWHERE = "redis://127.0.0.1:1/0"


def publish(
    office: Office,
    funnel: str = "f",
    organization: str = ORGANIZATION,
    basis: str | None = None,
) -> None:
    steps = [
        {"step_id": name, "name": name.title(), "type": "page", "position": at, "optional": False}
        for at, name in enumerate(("a", "b"), 1)
    ]
    office.world.documents["funnels"].insert_one(
        {
            "_id": f"{organization}:{funnel}",
            "organization_id": organization,
            "funnel_id": funnel,
            "name": "A funnel",
            "status": "published",
            "published": True,
            "steps": steps,
            "revenue_basis": basis,
            "versions": [
                {
                    "name": "A funnel",
                    "steps": steps,
                    "order": "ordered",
                    "appended_at": datetime(2026, 1, 1, tzinfo=UTC),
                }
            ],
        }
    )


REPORTS = ("overview", "steps/a", "conversions", "dropoffs", "ab-tests", "revenue", "realtime")


def test_another_organizations_funnel_looks_like_one_that_does_not_exist(
    office: Office, service: QueryProcess
) -> None:
    publish(office, "f", OTHER)
    for report in REPORTS:
        own: dict[str, str] = {} if report == "realtime" else DAYS
        missing = service.report(f"/funnels/nowhere/{report}", **own)
        another = service.report(f"/funnels/f/{report}", **own)
        assert missing.status == another.status == 404
        assert missing.body == another.body
        assert service.report(f"/funnels/f/{report}", office.stranger, **own).status == 200
    assert service.report("/visitors/nobody/journey").status == 404


def test_unknown_steps_and_experiments_are_not_found(office: Office, service: QueryProcess) -> None:
    publish(office)
    assert service.report("/funnels/f/steps/nowhere", **DAYS).status == 404
    assert service.report("/funnels/f/ab-tests", **DAYS, test_id="nowhere").status == 404
    assert service.report("/funnels/f/ab-tests", **DAYS).json["tests"] == []


WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("overview", {}),
    ("overview", {"date_from": LAST, "date_to": FIRST}),
    ("overview", {"date_from": "2024-01-01", "date_to": LAST}),
    ("steps/a", {**DAYS, "granularity": "minute"}),
    ("conversions", {**DAYS, "page": 0}),
    ("conversions", {**DAYS, "page_size": 10**9}),
    ("conversions", {**DAYS, "cursor": "e30"}),
    ("conversions", {**DAYS, "cursor": "WzEsIDJd"}),
    ("conversions", {**DAYS, "cursor": "WzFlOTksICIiXQ"}),
    ("conversions", {**DAYS, "cursor": "[[[["}),
    ("conversions", {**DAYS, "cursor": "\u2615"}),
    ("revenue", {**DAYS, "currency": "euro"}),
    ("ab-tests", {**DAYS, "metric": "luck"}),
    ("overview", {**DAYS, "compare": "never"}),
)


def test_invalid_parameters_are_refused(office: Office, service: QueryProcess) -> None:
    publish(office)
    for report, parameters in WRONG:
        reply = service.report(f"/funnels/f/{report}", **parameters)
        assert reply.status == 422, (report, parameters)


def test_a_funnel_without_traffic_has_zeros_and_no_rates(
    office: Office, service: QueryProcess
) -> None:
    publish(office)
    body = service.report("/funnels/f/overview", **DAYS).json
    nobody = {"total": 0, "unique": 0, "unique_people": 0, "new": 0, "returning": 0}
    assert body["visitors"] == nobody
    assert body["conversions"]["rate"] is None
    assert body["revenue"]["per_visitor_cents"] is None
    assert [step["step_id"] for step in body["steps"]] == ["a", "b"]
    assert body["steps"][0]["drop_off_rate"] is None


def test_pages_contain_every_converting_visitor_once(reading: Reading) -> None:
    whole = reading.report("/funnels/checkout/conversions", **DAYS, page_size=200)
    every = whole["converting_visitors"]
    assert len(every) > 7
    by_number: list[Any] = []
    by_cursor: list[Any] = []
    cursor: dict[str, str] = {}
    page = 1
    while True:
        body = reading.report("/funnels/checkout/conversions", **DAYS, page_size=3, page=page)
        by_number += body["converting_visitors"]
        page += 1
        if not body["pagination"]["has_more"]:
            break
    while True:
        body = reading.report("/funnels/checkout/conversions", **DAYS, page_size=3, **cursor)
        by_cursor += body["converting_visitors"]
        if body["pagination"]["next_cursor"] is None:
            break
        cursor = {"cursor": body["pagination"]["next_cursor"]}
    assert by_number == by_cursor == every


def test_timestamps_are_rendered_in_the_requested_zone(reading: Reading) -> None:
    path = "/funnels/checkout/conversions"
    plain = reading.report(path, **DAYS)
    there = reading.report(path, **DAYS, tz="Asia/Tokyo")
    assert plain["over_time"][0]["timestamp"] == "2026-01-05T00:00:00Z"
    assert there["over_time"][0]["timestamp"] == "2026-01-05T09:00:00+09:00"
    one, other = (
        datetime.fromisoformat(body["converting_visitors"][0]["first_conversion_at"])
        for body in (plain, there)
    )
    assert one == other
    assert there["summary"] == plain["summary"]


def order_day(office: Office, day: str, **values: Any) -> None:
    office.day(FunnelRevenueDay, day, ORGANIZATION, "f", **values)


def test_revenue_is_based_on_orders_as_soon_as_there_are_any(
    office: Office, service: QueryProcess
) -> None:
    publish(office)
    office.day(
        FunnelDay,
        "2026-01-05",
        ORGANIZATION,
        "f",
        unique_visitors=10,
        conversions=4,
        currencies={"EUR": {"value_cents": Int64(1)}},
    )
    order_day(
        office,
        "2026-01-05",
        orders=3,
        units=3,
        by_source={"Google": {"orders": 2}, "unattributed": {"orders": 1}},
        by_step={"b": {"orders": 3}},
        products={"cup": {"units": 3, "name": "Cup"}},
        currencies={
            "EUR": {
                "gross_revenue_cents": Int64(9_001),
                "refunded_cents": Int64(1_000),
                "orders": 2,
                "by_source": {"Google": {"revenue_cents": 9_001}},
                "by_step": {"b": {"revenue_cents": 9_001}},
                "products": {"cup": {"revenue_cents": 9_001}},
            },
            "USD": {
                "gross_revenue_cents": Int64(500),
                "refunded_cents": Int64(0),
                "orders": 1,
                "by_source": {"unattributed": {"revenue_cents": 500}},
            },
        },
    )
    body = service.report("/funnels/f/revenue", **DAYS).json
    assert body["basis"] == "orders"
    assert body["currency"] == "EUR"
    assert body["summary"] == {
        "total_revenue_cents": 9_001,
        "refunded_cents": 1_000,
        "net_revenue_cents": 8_001,
        "refund_rate": 1_000 / 9_001,
        "orders": 2,
        "avg_order_value_cents": 4_500,
        "revenue_per_visitor_cents": 900,
        "revenue_per_conversion_cents": 4_500,
        "order_revenue_cents": 9_001,
        "conversion_value_cents": 1,
    }
    assert body["by_currency"]["USD"]["total_revenue_cents"] == 500
    assert body["by_source"] == [{"source": "Google", "revenue_cents": 9_001, "percentage": 100}]
    assert body["top_products"] == [
        {"product_id": "cup", "product_name": "Cup", "revenue_cents": 9_001, "units_sold": 3}
    ]
    assert body["over_time"][0]["orders"] == 2
    dollars = service.report("/funnels/f/revenue", **DAYS, currency="USD").json
    assert dollars["summary"]["total_revenue_cents"] == 500
    assert dollars["by_currency"].keys() == {"EUR"}
    overview = service.report("/funnels/f/overview", **DAYS).json
    assert overview["revenue"]["total_cents"] == 9_001
    assert overview["conversions"]["value_cents"] == 1


def conversions_day(office: Office, day: str, cents: int, **values: Any) -> None:
    currencies = {"EUR": {"value_cents": Int64(cents)}}
    office.day(FunnelDay, day, ORGANIZATION, "f", currencies=currencies, **values)


def euros_of_orders(gross: int, refunded: int = 0) -> dict[str, Any]:
    return {"EUR": {"gross_revenue_cents": gross, "refunded_cents": refunded, "orders": 1}}


@pytest.mark.parametrize(("basis", "total"), [(None, 5_000), ("conversions", 200_000)])
def test_a_funnels_revenue_has_one_basis_for_every_range(
    office: Office, service: QueryProcess, basis: str | None, total: int
) -> None:
    publish(office, basis=basis)
    conversions_day(office, "2026-01-10", 100_000, conversions=2)
    conversions_day(office, "2026-02-10", 100_000, conversions=2)
    order_day(office, "2026-03-10", orders=1, currencies=euros_of_orders(5_000))
    quarter = {"date_from": "2026-01-01", "date_to": "2026-03-31"}
    january = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
    whole = service.report("/funnels/f/revenue", **quarter).json
    part = service.report("/funnels/f/revenue", **january).json
    assert whole["basis"] == part["basis"] == (basis or "orders")
    assert whole["summary"]["total_revenue_cents"] == total
    assert whole["summary"]["order_revenue_cents"] == 5_000
    assert whole["summary"]["conversion_value_cents"] == 200_000
    # Money of orders is divided by orders, values of conversions by conversions.
    assert whole["summary"]["revenue_per_conversion_cents"] == total // (1 if basis is None else 4)
    overview = service.report("/funnels/f/overview", **quarter).json
    assert overview["revenue"]["total_cents"] == total
    assert overview["revenue"]["order_revenue_cents"] == 5_000
    assert overview["conversions"]["value_cents"] == 200_000


def test_a_refund_in_a_currency_that_sold_nothing_is_told(
    office: Office, service: QueryProcess
) -> None:
    publish(office)
    dollars = {"USD": {"gross_revenue_cents": 0, "refunded_cents": 8_000, "orders": 0}}
    order_day(office, "2026-01-05", orders=1, currencies=euros_of_orders(10_000) | dollars)
    body = service.report("/funnels/f/revenue", **DAYS).json
    assert body["currency"] == "EUR"
    assert body["by_currency"]["USD"]["refunded_cents"] == 8_000
    assert body["by_currency"]["USD"]["net_revenue_cents"] == -8_000
    overview = service.report("/funnels/f/overview", **DAYS).json
    assert overview["by_currency"]["USD"]["refunded_cents"] == 8_000


def test_a_day_with_two_currencies_tells_each(office: Office, service: QueryProcess) -> None:
    publish(office)
    dollars = {"USD": {"gross_revenue_cents": 700, "refunded_cents": 0, "orders": 1}}
    order_day(office, "2026-01-05", orders=2, currencies=euros_of_orders(500) | dollars)
    point = service.report("/funnels/f/revenue", **DAYS).json["over_time"][0]
    assert (point["revenue_cents"], point["orders"]) == (500, 1)
    assert point["by_currency"]["USD"]["revenue_cents"] == 700


def test_a_funnel_known_from_orders_alone_has_its_reports(
    office: Office, service: QueryProcess
) -> None:
    order_day(office, "2026-01-05", orders=1, currencies=euros_of_orders(10_000))
    body = service.report("/funnels/f/revenue", **DAYS).json
    assert (body["basis"], body["summary"]["total_revenue_cents"]) == ("orders", 10_000)
    assert service.report("/funnels/f/overview", **DAYS).json["funnel_name"] == "f"


def session(office: Office, number: int, at: datetime, kind: str, step: str | None = "a") -> None:
    event: dict[str, Any] = {
        "event_type": kind,
        "page_id": None,
        "step_id": step,
        "at": at,
        "metadata": {},
    }
    sold = {"at": at, "type": "purchase", "step_id": step, "value_cents": 500, "currency": "EUR"}
    office.world.documents["funnel_sessions"].insert_one(
        {
            "_id": f"{ORGANIZATION}:v{number}:s{number}:f",
            "organization_id": ORGANIZATION,
            "visitor_id": f"v{number}",
            "session_id": f"s{number}",
            "funnel_id": "f",
            "started_at": at,
            "last_at": at,
            "entry_page": None,
            "exit_page": None,
            "page_views": 0,
            "path": [],
            "conversions": [sold] if kind == "conversion" else [],
            "events": [event],
            "events_total": 1,
        }
    )


def test_without_redis_the_realtime_report_comes_from_sessions_and_says_so(office: Office) -> None:
    publish(office)
    now = datetime.now(UTC)
    session(office, 1, now - timedelta(minutes=1), "step_entry")
    session(office, 2, now - timedelta(minutes=2), "step_exit")
    session(office, 3, now - timedelta(minutes=3), "conversion")
    session(office, 4, now - timedelta(minutes=31), "step_entry")
    session(office, 5, now - timedelta(minutes=6), "conversion")
    body = office.start(DAYBOOK_REDIS_URL=NOWHERE).report("/funnels/f/realtime").json
    assert body["source"] == "mongodb"
    assert body["active_visitors"]["total"] == 4
    by_step = {row["step_id"]: row["visitors"] for row in body["active_visitors"]["by_step"]}
    assert by_step == {"a": 1, "b": 0}
    assert [event["session_id"] for event in body["recent_events"]] == ["s1", "s2", "s3", "s5"]
    assert body["conversions_last_5min"] == {
        "count": 1,
        "value_cents": 500,
        "currency": "EUR",
        "by_currency": {},
    }


def test_the_realtime_report_comes_from_redis(office: Office, service: QueryProcess) -> None:
    funnel = office.world.name
    publish(office, funnel)
    ids, now_ms = (ORGANIZATION, funnel), round(time.time() * 1_000)
    event = {
        "event_id": "1",
        "event_type": "page_view",
        "step_id": None,
        "timestamp": "2026-01-05T10:00:00.123Z",
        "session_id": "s",
    }
    sold = [
        {"event_id": "2", "currency": "EUR", "value_cents": 700},
        {"event_id": "3", "currency": "USD", "value_cents": 100},
        {"event_id": "4", "currency": None, "value_cents": None},
    ]
    long_ago = now_ms - redis_keys.ACTIVE_MS - 1
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        active = redis_keys.funnel_active(*ids)
        redis.zadd(active, {"v1": now_ms, "v2": now_ms, "v3": long_ago})
        redis.zadd(f"{active}:a", {"v1": now_ms, "v3": long_ago})
        redis.zadd(redis_keys.funnel_recent(*ids), {json.dumps(event): now_ms})
        redis.zadd(redis_keys.funnel_conversions(*ids), {json.dumps(one): now_ms for one in sold})
    body = service.report(f"/funnels/{funnel}/realtime", tz="Europe/Berlin").json
    assert body["source"] == "redis"
    assert body["active_visitors"]["total"] == 2
    assert [row["visitors"] for row in body["active_visitors"]["by_step"]] == [1, 0]
    assert body["recent_events"] == [
        {
            "event_type": "page_view",
            "step_id": None,
            "timestamp": "2026-01-05T11:00:00.123000+01:00",
            "session_id": "s",
        }
    ]
    assert body["conversions_last_5min"] == {
        "count": 3,
        "value_cents": 700,
        "currency": "EUR",
        "by_currency": {"USD": 100},
    }


def test_a_journey_lists_every_session(reading: Reading) -> None:
    rows = list(reading.office.world.documents["funnel_sessions"].find())
    by_visitor: dict[str, list[Any]] = {}
    for row in rows:
        if row["organization_id"] == "acme":
            by_visitor.setdefault(row["visitor_id"], []).append(row)
    visitor, own = max(by_visitor.items(), key=lambda each: len(each[1]))
    assert len(own) > 1
    body = reading.report(f"/visitors/{visitor}/journey", "acme")
    assert body["total_sessions"] == len({row["session_id"] for row in own})
    assert body["total_page_views"] == sum(row["page_views"] for row in own)
    assert body["total_conversions"] == sum(len(row["conversions"]) for row in own)
    assert len(body["sessions"]) == len(own)
    begun = [each["started_at"] for each in body["sessions"]]
    assert begun == sorted(begun)
    pages = [
        reading.report(f"/visitors/{visitor}/journey", "acme", page=number, page_size=1)
        for number in range(1, len(own) + 1)
    ]
    assert [page["sessions"][0] for page in pages] == body["sessions"]
    assert [page["pagination"]["has_more"] for page in pages] == [True] * (len(own) - 1) + [False]
    funnel = own[0]["funnel_id"]
    part = reading.report(f"/visitors/{visitor}/journey", "acme", funnel_id=funnel)
    assert {each["funnel_id"] for each in part["sessions"]} == {funnel}
