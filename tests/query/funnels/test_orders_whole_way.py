"""A simulated shop's orders and accounts, from Kafka through real members to HTTP reports."""

from collections import Counter, defaultdict
from typing import Any
from urllib.parse import unquote

from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, name_of
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import Entry
from daybook.simulate.answer.keys import event_key
from daybook.simulate.answer.shape import SHAPES
from tests.query.conftest import Office
from tests.query.funnels.conftest import Reading
from tests.query.funnels.test_known_answer import encoded
from tests.support.judged import judged
from tests.support.storefront import Storefront
from tests.support.world import World

EVENTS = 1_500
RANGE = {"date_from": "2026-01-05", "date_to": "2026-03-31"}
"""Includes the later weeks, in which orders are delivered or refunded."""

PLATFORM = {
    "/user-lifecycle": "analytics_user_lifecycle",
    "/order-funnel": "analytics_order_funnel",
    "/revenue": "analytics_revenue",
}
SUMMARY = {
    "total_revenue_cents": "gross_revenue_cents",
    "refunded_cents": "refunded_cents",
    "orders": "orders",
}
Known = dict[str, dict[str, dict[str, Any]]]


def platform(reading: Reading, path: str, **parameters: str) -> Any:
    reply = reading.service.report(path, reading.office.admin, **RANGE, **parameters)
    assert reply.status == 200, reply.body
    return reply.json


def check_platform(reading: Reading, known: Known) -> None:
    """Checks every counter, in total and by day, and amounts by currency."""
    for path, collection in PLATFORM.items():
        body = platform(reading, path)
        points = {point["timestamp"][:10]: point for point in body["over_time"]}
        shape, days = SHAPES[collection], known[collection]
        assert days
        for field in shape.counters:
            assert body["totals"][field] == sum(day[field] for day in days.values()), field
            for day, fields in days.items():
                assert points[day][field] == fields[field], (day, field)
    for currency in ("EUR", "USD"):
        totals = platform(reading, "/revenue", currency=currency)["totals"]
        for field in (*SHAPES["analytics_revenue"].money, "paid_orders"):
            paid = (day["currencies"].get(currency) for day in known["analytics_revenue"].values())
            assert totals[field] == sum(own[field] for own in paid if own), (currency, field)


def check_funnel(reading: Reading, organization: str, funnel: str, days: list[Any]) -> None:
    """Checks the revenue of a funnel's orders: amounts, sources, and units of each product."""
    body = reading.report(f"/funnels/{encoded(funnel)}/revenue", organization, **RANGE)
    assert body["basis"] == "orders"
    paid = [day["currencies"].get(body["currency"], {}) for day in days]
    for name, field in SUMMARY.items():
        assert body["summary"][name] == sum(day.get(field, 0) for day in paid), (funnel, name)
    sources: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for day in paid:
        for key, entry in day.get("by_source", {}).items():
            sources[name_of(key, {OTHER, UNATTRIBUTED})] += entry.get("revenue_cents", 0)
    for day in days:
        for key, entry in day["products"].items():
            units[unquote(key)] += entry.get("units", 0)
    by_source = {row["source"]: row["revenue_cents"] for row in body["by_source"]}
    assert by_source == {source: cents for source, cents in sources.items() if cents}
    assert body["top_products"]
    for row in body["top_products"]:
        assert row["units_sold"] == units[row["product_id"]], row


def check_event(reading: Reading, organization: str, event: str, days: list[Any]) -> None:
    """Checks the tickets of an event, and their money in each currency."""
    path = f"/events/{encoded(event)}/metrics"
    for currency in ("EUR", "USD"):
        body = reading.report(path, organization, **RANGE, currency=currency)
        assert body["basis"] == "orders"
        totals, paid = body["totals"], [day["currencies"].get(currency, {}) for day in days]
        for name in ("gross_revenue_cents", "refunded_cents", "orders"):
            assert totals[name] == sum(day.get(name, 0) for day in paid), (event, name)
        assert totals["revenue_cents"] == totals["gross_revenue_cents"] - totals["refunded_cents"]
        returned = sum(day["tickets_returned"] for day in days)
        assert totals["tickets_returned"] == returned
        kept = sum(day["tickets_sold"] for day in days) - returned
        assert totals["tickets_sold"] == body["occupancy"]["tickets_sold"] == kept
        assert sum(point["tickets_sold"] for point in body["over_time"]) == kept


def check_experiments(
    reading: Reading, entries: list[Entry], organization: str, funnel: str
) -> int:
    """Checks the money of each variant; returns how many have some."""
    body = reading.report(f"/funnels/{encoded(funnel)}/ab-tests", organization)
    orders = list(reading.office.world.documents["orders"].find())
    with_money = 0
    for test in body["tests"]:
        assert body["basis"] == "orders"
        outcomes = judged(entries, organization, test["test_id"], orders)
        for variant in test["variants"]:
            outcome = outcomes[variant["variant_id"]]
            assert variant["conversions"] == outcome.conversions
            assert variant["revenue_cents"] == outcome.cents[test["currency"]]
            with_money += bool(outcome.cents)
    return with_money


def check_emails(reading: Reading, entries: list[Entry], organization: str, event: str) -> int:
    """Checks how many confirmations an event has; returns how many of them do not name it."""
    rows = reading.office.world.documents["orders"].find({"ticketed_event_ids": event})
    orders = {row["order_id"] for row in rows if row["organization_id"] == organization}
    found = {
        event_key(entry.event["event_id"]): entry.event["data"]
        for entry in entries
        if entry.event["event_type"] == "email_confirmed"
        and entry.event.get("organization_id", "default") == organization
    }.values()
    named = sum(data.get("event_id") == event for data in found)
    nameless = sum("event_id" not in data and data["order_id"] in orders for data in found)
    path = f"/events/{encoded(event)}/metrics"
    totals = reading.report(path, organization, **RANGE)["totals"]
    assert totals["emails_confirmed"] == named + nameless
    return nameless


def by_subject(days: dict[str, dict[str, Any]]) -> dict[tuple[str, str], list[Any]]:
    """The days of each organization's funnels, or ticketed events."""
    found = defaultdict(list)
    for name, fields in days.items():
        organization, subject, _ = map(unquote, name.split(":"))
        found[organization, subject].append(fields)
    return found


def test_reports_of_counted_orders_match_the_known_answer(world: World) -> None:
    traffic = Storefront(world, EVENTS, seed=3)
    traffic.make_topics()
    assert sum(1 for _ in traffic.publish(EVENTS)) > 0
    known: Known = defaultdict(dict)
    for line in answer(traffic.sell()):
        known[line["collection"]][line["_id"]] = line["fields"]
    for group in ("funnel-step", "revenue", "order-funnel", "user-lifecycle"):
        world.catch_up(group)
    funnels = by_subject(known["analytics_funnel_revenue"])
    events = by_subject(known["analytics_event_revenue"])
    assert funnels
    assert events
    office = Office(world)
    try:
        office.complete()
        reading = Reading(office, office.start())
        check_platform(reading, known)
        entries, variants, nameless = list(traffic.entries()), 0, 0
        for (organization, funnel), days in funnels.items():
            check_funnel(reading, organization, funnel, days)
            variants += check_experiments(reading, entries, organization, funnel)
        for (organization, event), days in events.items():
            check_event(reading, organization, event, days)
            nameless += check_emails(reading, entries, organization, event)
        assert variants > 0
        assert nameless > 0
    finally:
        office.end()
