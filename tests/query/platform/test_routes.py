"""The platform's reports: series, totals, and the preceding period."""

from typing import Any

import pytest
from bson import Int64

from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from models.user_lifecycle import UserLifecycleDay
from tests.query.conftest import Office
from tests.support.query import QueryProcess


@pytest.fixture
def admin(office: Office, service: QueryProcess) -> QueryProcess:
    service.key = office.admin
    return service


def test_a_report_has_every_day_and_the_totals(office: Office, admin: QueryProcess) -> None:
    office.day(UserLifecycleDay, "2026-11-01", registrations=4, verifications=1)
    office.day(UserLifecycleDay, "2026-11-03", registrations=6, verifications=4, deletions=1)
    office.day(UserLifecycleDay, "2026-11-04", registrations=99)
    reply = admin.report("/user-lifecycle", first="2026-11-01", last="2026-11-03")
    assert reply.status == 200
    body = reply.json
    assert body["period"] == {"start": "2026-11-01", "end": "2026-11-03"}
    assert body["granularity"] == "day"
    assert body["totals"] == {
        "registrations": 10,
        "verifications": 5,
        "verification_rate": 0.5,
        "leaders_promoted": 0,
        "leaders_demoted": 0,
        "suspensions": 0,
        "reactivations": 0,
        "deletions": 1,
        "login_successes": 0,
        "login_failures": 0,
        "accounts_locked": 0,
    }
    days = [(day["timestamp"], day["registrations"]) for day in body["over_time"]]
    assert days == [
        ("2026-11-01T00:00:00Z", 4),
        ("2026-11-02T00:00:00Z", 0),
        ("2026-11-03T00:00:00Z", 6),
    ]
    assert [day["verification_rate"] for day in body["over_time"]] == [0.25, None, 4 / 6]


def test_a_months_rate_is_computed_from_its_sums(office: Office, admin: QueryProcess) -> None:
    office.day(OrderFunnelDay, "2026-09-30", orders_created=1, orders_confirmed=1)
    office.day(OrderFunnelDay, "2026-10-01", orders_created=1, orders_confirmed=1)
    office.day(OrderFunnelDay, "2026-10-31", orders_created=9, orders_confirmed=0)
    body = admin.report(
        "/order-funnel", first="2026-09-15", last="2026-11-02", granularity="month"
    ).json
    rates = [(month["timestamp"], month["confirmation_rate"]) for month in body["over_time"]]
    assert rates == [
        ("2026-09-15T00:00:00Z", 1.0),
        ("2026-10-01T00:00:00Z", 0.1),
        ("2026-11-01T00:00:00Z", None),
    ]
    assert body["totals"]["confirmation_rate"] == 2 / 11
    assert body["totals"]["completion_rate"] == 0.0


def test_weeks_begin_on_mondays(admin: QueryProcess) -> None:
    body = admin.report(
        "/order-funnel", first="2026-11-01", last="2026-11-10", granularity="week"
    ).json
    assert [week["timestamp"][:10] for week in body["over_time"]] == [
        "2026-11-01",
        "2026-11-02",
        "2026-11-09",
    ]


def test_an_hour_has_its_own_numbers(office: Office, admin: QueryProcess) -> None:
    hours = {"09": {"orders_created": 3}, "23": {"orders_created": 1, "orders_confirmed": 1}}
    office.day(OrderFunnelDay, "2026-11-01", orders_created=4, orders_confirmed=1, hours=hours)
    asked = {"first": "2026-11-01", "last": "2026-11-02", "granularity": "hour"}
    series = admin.report("/order-funnel", **asked).json["over_time"]
    assert len(series) == 48
    assert series[9]["timestamp"] == "2026-11-01T09:00:00Z"
    assert [hour["orders_created"] for hour in series if hour["orders_created"]] == [3, 1]
    assert series[23]["confirmation_rate"] == 1
    assert series[24]["confirmation_rate"] is None


def test_an_hour_has_money_if_its_day_has_one_currency(office: Office, admin: QueryProcess) -> None:
    ten = {"10": {"gross_revenue_cents": 500, "refunded_cents": 50, "paid_orders": 2}}
    one, both = {"EUR": paid(500, 50, 2)}, {"EUR": paid(100), "USD": paid(700)}
    office.day(RevenueDay, "2026-11-01", paid_orders=2, currencies=one, hours=ten)
    office.day(RevenueDay, "2026-11-02", paid_orders=2, currencies=both, hours={"11": {}})
    office.day(RevenueDay, "2026-11-03", currencies=both, hours={"12": {"refunded_orders": 1}})
    asked = {"first": "2026-11-01", "last": "2026-11-03", "granularity": "hour"}
    body = admin.report("/revenue", **asked).json
    series = body["over_time"]
    assert (series[10]["net_revenue_cents"], series[10]["refund_rate"]) == (450, 0.1)
    unknown = series[48 + 12]
    assert (unknown["refunded_orders"], unknown["gross_revenue_cents"]) == (1, None)
    assert (unknown["refund_rate"], unknown["paid_orders"]) == (None, None)
    assert body["by_currency"]["USD"]["totals"]["gross_revenue_cents"] == 1_400
    assert body["by_currency"]["USD"]["over_time"] == []


def test_the_preceding_period_has_the_same_length(office: Office, admin: QueryProcess) -> None:
    office.day(OrderFunnelDay, "2026-10-31", orders_created=4)
    office.day(OrderFunnelDay, "2026-11-02", orders_created=5)
    body = admin.report(
        "/order-funnel", first="2026-11-01", last="2026-11-02", compare="previous"
    ).json
    assert body["previous"]["period"] == {"start": "2026-10-30", "end": "2026-10-31"}
    assert body["previous"]["totals"]["orders_created"] == 4
    assert body["change"]["totals.orders_created"] == {"absolute": 1, "relative": 0.25}
    assert body["change"]["totals.orders_shipped"] == {"absolute": 0, "relative": None}
    assert body["change"]["totals.completion_rate"] == {"absolute": None, "relative": None}


def paid(gross: int, refunded: int = 0, orders: int = 1, **maps: Any) -> dict[str, Any]:
    return {
        "gross_revenue_cents": Int64(gross),
        "refunded_cents": Int64(refunded),
        "paid_orders": Int64(orders),
        **maps,
    }


def test_revenue_has_one_main_currency_and_the_others_apart(
    office: Office, admin: QueryProcess
) -> None:
    both = {"EUR": paid(10_000, 500, 3), "USD": paid(700)}
    office.day(RevenueDay, "2026-11-01", paid_orders=4, refunded_orders=1, currencies=both)
    office.day(RevenueDay, "2026-11-02", paid_orders=1, currencies={"EUR": paid(2_001, 0, 1)})
    body = admin.report("/revenue", first="2026-11-01", last="2026-11-02").json
    assert body["currency"] == "EUR"
    assert body["totals"] == {
        "gross_revenue_cents": 12_001,
        "refunded_cents": 500,
        "net_revenue_cents": 11_501,
        "refund_excess_cents": 0,
        "refund_reversed_cents": 0,
        "paid_orders": 4,
        "refunded_orders": 1,
        "duplicate_payments": 0,
        "duplicate_payment_cents": 0,
        "average_order_value_cents": 3_000,
        "refund_rate": 500 / 12_001,
    }
    assert [day["net_revenue_cents"] for day in body["over_time"]] == [9_500, 2_001]
    assert list(body["by_currency"]) == ["USD"]
    dollars = body["by_currency"]["USD"]
    assert dollars["totals"]["gross_revenue_cents"] == 700
    assert dollars["totals"]["refund_rate"] == 0.0
    assert [day["gross_revenue_cents"] for day in dollars["over_time"]] == [700, 0]
    asked = admin.report("/revenue", first="2026-11-01", last="2026-11-02", currency="USD").json
    assert (asked["currency"], asked["totals"]["net_revenue_cents"]) == ("USD", 700)
    assert list(asked["by_currency"]) == ["EUR"]


def test_revenue_by_community_adds_up_to_the_total(office: Office, admin: QueryProcess) -> None:
    named = {f"c{n:02d}": Int64(100 + n) for n in range(30)} | {"a%3Ab": Int64(9_000)}
    amounts = named | {"other": Int64(7), "unattributed": Int64(50)}
    gross = sum(amounts.values())
    currencies = {"EUR": paid(gross, revenue_by_community=amounts)}
    office.day(RevenueDay, "2026-11-01", paid_orders=33, currencies=currencies)
    body = admin.report("/revenue", first="2026-11-01", last="2026-11-01").json
    rows = body["by_community"]
    assert rows[0]["community_id"] == "a:b"
    assert [row["kind"] for row in rows] == ["named"] * 20 + ["other", "unattributed"]
    assert sum(row["revenue_cents"] for row in rows) == gross
    assert sum(round(100 * row["percentage"]) for row in rows) == 10_000
    assert body["by_promotion"] == []


def test_an_empty_range_has_zeros_and_null_rates(admin: QueryProcess) -> None:
    body = admin.report("/revenue", first="2026-11-01", last="2026-11-01").json
    assert body["currency"] == "EUR"
    assert body["totals"]["gross_revenue_cents"] == 0
    assert body["totals"]["average_order_value_cents"] is None
    assert body["totals"]["refund_rate"] is None
    assert body["by_currency"] == {}


def test_days_are_in_the_fleets_zone_and_timestamps_in_the_callers(
    office: Office, admin: QueryProcess
) -> None:
    office.world.documents["_daybook"].insert_one(
        {"_id": "fleet", "settings": {"zone": "America/New_York"}}
    )
    office.day(OrderFunnelDay, "2026-11-01", orders_created=1)
    asked = {"first": "2026-10-31T04:00:00Z", "last": "2026-11-01"}
    body = admin.report("/order-funnel", **asked, tz="Europe/Berlin").json
    assert body["period"] == {"start": "2026-10-31", "end": "2026-11-01"}
    assert [day["timestamp"] for day in body["over_time"]] == [
        "2026-10-31T05:00:00+01:00",
        "2026-11-01T05:00:00+01:00",
    ]
    assert body["totals"]["orders_created"] == 1
