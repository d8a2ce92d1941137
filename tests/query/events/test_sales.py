"""What a ticketed event sold: by its orders once it has any, else by purchases of its pages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64
from redis import Redis

from daybook.funnels.live import redis_keys
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.query.events.test_routes import define, totals_hash
from tests.support.query import QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
SALES = (
    "tickets_sold",
    "tickets_returned",
    "revenue_cents",
    "gross_revenue_cents",
    "refunded_cents",
    "orders",
    "purchased_tickets",
    "purchase_value_cents",
)


def money(**fields: int) -> dict[str, Any]:
    return {name: Int64(value) for name, value in fields.items()}


def purchases(office: Office, day: str, event: str = "gala", **fields: Any) -> None:
    euros = {"EUR": money(revenue_cents=99_000)}
    values = {"tickets_sold": 66, "views": 100, "currencies": euros}
    office.day(EventMetricsDay, day, ORGANIZATION, event, **values | fields)


def orders(office: Office, day: str, event: str = "gala", **fields: Any) -> None:
    euros = money(gross_revenue_cents=8_000, refunded_cents=2_000, orders=3)
    values = {"tickets_sold": 4, "tickets_returned": 1, "orders": 3, "currencies": {"EUR": euros}}
    office.day(EventRevenueDay, day, ORGANIZATION, event, **values | fields)


def sold(numbers: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(numbers[name] for name in SALES)


def metrics(service: QueryProcess, **parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = service.report("/events/gala/metrics", **DAYS, **parameters).json
    return found


def test_purchases_count_until_an_order_was_paid(office: Office, service: QueryProcess) -> None:
    define(office)
    purchases(office, "2026-11-01")
    orders(office, "2026-11-01", "another")
    body = metrics(service)
    assert body["basis"] == body["occupancy"]["basis"] == "purchases"
    assert sold(body["totals"]) == (66, 0, 99_000, 99_000, 0, 0, 66, 99_000)


def test_with_an_order_no_page_can_make_revenue(office: Office, service: QueryProcess) -> None:
    define(office)
    for day in ("2026-11-01", "2026-11-02"):
        purchases(office, day)
    orders(office, "2026-11-02")
    body = metrics(service, compare="previous")
    assert (body["basis"], body["currency"]) == ("orders", "EUR")
    expected = (3, 1, 6_000, 8_000, 2_000, 3, 132, 198_000)
    assert sold(body["totals"]) == expected
    assert [sold(day)[:3] for day in body["over_time"]] == [(0, 0, 0), (3, 1, 6_000)]
    assert [day["purchased_tickets"] for day in body["over_time"]] == [66, 66]
    assert body["change"]["totals.tickets_sold"]["absolute"] == 3
    payment = next(step for step in body["steps"] if step["step"] == "payment")
    assert payment["count"] == 3
    occupancy = body["occupancy"]
    assert (occupancy["tickets_sold"], occupancy["basis"]) == (3, "orders")


@pytest.mark.parametrize("day", ["2020-01-01", "2026-10-31"])
def test_the_basis_is_the_same_for_every_range(
    day: str, office: Office, service: QueryProcess
) -> None:
    purchases(office, "2026-11-01")
    orders(office, day)
    body = metrics(service, compare="previous")
    assert body["basis"] == "orders"
    assert sold(body["totals"]) == (0, 0, 0, 0, 0, 0, 66, 99_000)
    before = 3 if day == "2026-10-31" else 0
    assert body["previous"]["totals"]["tickets_sold"] == before


def test_orders_of_another_organization_are_no_basis(office: Office, service: QueryProcess) -> None:
    purchases(office, "2026-11-01")
    office.day(EventRevenueDay, "2026-11-01", OTHER, "gala", tickets_sold=9, currencies={})
    assert metrics(service)["basis"] == "purchases"


def test_an_event_known_from_orders_alone_has_its_report_and_is_listed(
    office: Office, service: QueryProcess
) -> None:
    orders(office, "2026-11-01")
    body = metrics(service)
    assert (body["event_id"], body["name"], body["totals"]["tickets_sold"]) == ("gala", None, 3)
    assert [event["event_id"] for event in service.report("/events").json["events"]] == ["gala"]
    assert service.report("/events/gala/live").json["basis"] == "orders"


def test_hours_and_other_currencies_follow_the_basis(office: Office, service: QueryProcess) -> None:
    nine = {"tickets_sold": 4, "tickets_returned": 1, "orders": 3, "gross_revenue_cents": 8_000}
    orders(office, "2026-11-01", hours={"09": nine})
    dollars = money(gross_revenue_cents=500, refunded_cents=0, orders=1)
    orders(office, "2026-11-02", tickets_sold=1, tickets_returned=0, currencies={"USD": dollars})
    purchases(office, "2026-11-02", currencies={"JPY": money(revenue_cents=7)})
    hours = metrics(service, granularity="hour", currency="EUR")["over_time"]
    assert sold(hours[9])[:4] == (3, 1, 8_000, 8_000)
    body = metrics(service, currency="EUR")
    others = {code: other["totals"] for code, other in body["by_currency"].items()}
    assert others["USD"]["revenue_cents"] == 500
    assert (others["JPY"]["revenue_cents"], others["JPY"]["purchase_value_cents"]) == (0, 7)
    points = body["by_currency"]["USD"]["over_time"]
    assert [point["revenue_cents"] for point in points] == [0, 500]


def test_live_sales_are_those_of_orders_beside_what_redis_has(
    office: Office, service: QueryProcess
) -> None:
    define(office)
    today = datetime.now(UTC).date().isoformat()
    orders(office, today)
    totals = redis_keys.event_totals(ORGANIZATION, "gala")
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        tracked = {"views": "9", "tickets_sold": "66", "revenue_cents.EUR": "99000"}
        redis.hset(totals, mapping=totals_hash(today, **tracked))
        body = service.report("/events/gala/live").json
        redis.delete(totals)
    assert (body["source"], body["basis"], body["views"]) == ("redis", "orders", 9)
    assert sold(body) == (3, 1, 6_000, 8_000, 2_000, 3, 66, 99_000)
    assert body["occupancy"]["tickets_sold"] == 3


def test_a_dashboard_adds_up_each_event_by_its_own_basis(
    office: Office, service: QueryProcess
) -> None:
    purchases(office, "2026-11-01", "gala")
    orders(office, "2026-11-02", "gala")
    purchases(
        office, "2026-11-02", "fair", tickets_sold=5, currencies={"EUR": money(revenue_cents=50)}
    )
    orders(office, "2026-11-02", "club", tickets_sold=1, tickets_returned=0)
    orders(office, "2020-01-01", "old")
    purchases(office, "2026-11-02", "old")
    body = service.report(f"/organizations/{ORGANIZATION}/dashboard", **DAYS).json
    totals = body["totals"]
    assert (totals["tickets_sold"], totals["tickets_revenue_cents"]) == (3 + 5 + 1, 12_050)
    assert totals["views"] == 300
    assert [day["tickets_sold"] for day in body["over_time"]] == [0, 9]
    listed = [(one["event_id"], one["basis"], one["tickets_sold"]) for one in body["events"]]
    assert listed == [
        ("fair", "purchases", 5),
        ("gala", "orders", 3),
        ("club", "orders", 1),
        ("old", "orders", 0),
    ]
    assert body["events"][1]["revenue_cents"] == 6_000
