"""A simulated shop's traffic, from Kafka through a real member to HTTP reports."""

from collections import defaultdict
from typing import Any
from urllib.parse import unquote

import pytest

from daybook.simulate.answer.render import Line
from tests.query.conftest import Office
from tests.query.funnels import test_bodies, test_known_answer
from tests.query.funnels.conftest import Reading
from tests.query.funnels.shop import Collections, Shop
from tests.support.storefront import Storefront
from tests.support.world import World

EVENTS = 4_000
COUNTERS = ("views", "add_to_cart", "checkouts_started", "tickets_sold", "admissions")
COLLECTIONS = ("funnels", "funnel_sessions", "analytics_funnel_step")


def stored(world: World) -> Collections:
    return {name: {row["_id"]: row for row in world.documents[name].find()} for name in COLLECTIONS}


def by_collection(lines: list[Line]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in lines:
        found[line["collection"]][line["_id"]] = line["fields"]
    return found


def check_ticketed_events(reading: Reading, counted: Shop) -> None:
    days: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for name, fields in counted.known["analytics_event_metrics"].items():
        organization, event, _ = map(unquote, name.split(":"))
        days[organization, event].append(fields)
    assert days
    for (organization, event), known in days.items():
        path = f"/events/{test_known_answer.encoded(event)}/metrics"
        totals = reading.report(path, organization, **test_known_answer.RANGE)["totals"]
        for field in COUNTERS:
            assert totals[field] == sum(day[field] for day in known), (event, field)


def test_reports_of_counted_traffic_match_the_known_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = Storefront(world, EVENTS, seed=3)
    traffic.make_topics()
    assert sum(1 for _ in traffic.publish(EVENTS)) > 0
    world.catch_up("funnel-step")
    counted = Shop(stored(world), by_collection(traffic.answer()), list(traffic.entries()))
    office = Office(world)
    try:
        office.complete()
        reading = Reading(office, office.start())
        for module in (test_known_answer, test_bodies):
            monkeypatch.setattr(module, "shop", lambda: counted)
        test_known_answer.test_all_reports_of_all_funnels_match_the_known_answer(reading)
        test_bodies.test_each_body_has_every_field_with_its_type(reading)
        check_ticketed_events(reading, counted)
    finally:
        office.end()
