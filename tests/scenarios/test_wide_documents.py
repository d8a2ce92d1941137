"""More different sources, pages and campaigns than a document can name, on real servers."""

import json
import uuid
from collections.abc import Iterator

import bson

from tests.support import checks
from tests.support.shop import Message
from tests.support.world import World

VISITORS = 1_200
NOT_THERE = "2026-02-31T10:00:00Z"
PLACES = ("source", "channel", "browser", "country", "utm_campaign", "landing_page")


def conversions() -> Iterator[Message]:
    """One conversion of each visitor, with long texts of its own, and in one of 20 currencies."""
    currencies = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF INR JPY MXN NOK NZD PLN SEK SGD USD"
    for number in range(VISITORS):
        visitor = f"visitor-{number:04d}"
        event = {
            "event_id": str(uuid.UUID(int=number)),
            "event_type": "conversion",
            "occurred_at": "2026-11-01T10:00:00Z",
            "schema_version": 1,
            "data": {
                "visitor_id": visitor,
                "session_id": "s",
                "funnel_id": "checkout",
                "conversion_type": "purchase",
                "value_cents": 100,
                "currency": currencies.split()[number % 20],
                "context": {place: f"{place}-{number:04d}-" + "x" * 180 for place in PLACES},
            },
        }
        yield visitor, json.dumps(event).encode()


def ticketed(starts_at: str) -> Message:
    event = {
        "event_id": str(uuid.uuid4()),
        "event_type": "event.published",
        "occurred_at": "2026-11-01T10:00:00Z",
        "schema_version": 1,
        "data": {"event_id": "gala", "name": "Gala", "starts_at": starts_at},
    }
    return "gala", json.dumps(event).encode()


def test_a_document_with_more_keys_than_it_can_hold_stays_small_and_is_recounted_equal(
    world: World,
) -> None:
    """A definition that could not be stored is a dead letter, and ends nobody."""
    for name in ("sc.tracking.funnel", "sc.domain.funnel", "sc.domain.event"):
        world.make_topic(name, partitions=2 if name == "sc.tracking.funnel" else 1)
    world.publish([ticketed(NOT_THERE), ticketed("2026-12-31T20:00:00+01:00")], "sc.domain.event")
    world.publish(list(conversions()), "sc.tracking.funnel")
    world.catch_up("funnel-step")
    (day,) = world.documents["analytics_funnel"].find()
    assert day["_daybook"]["full"]
    assert len(bson.encode(day)) < 2_000_000
    assert day["conversions"] == VISITORS
    assert sum(entry["conversions"] for entry in day["sources"].values()) == VISITORS
    (gala,) = world.documents["ticketed_events"].find()
    assert gala["starts_at"].isoformat() == "2026-12-31T19:00:00+00:00"
    (dead,) = world.documents["_daybook_dead_letters"].find()
    assert (dead["reason"], dead["offset"]) == ("invalid", 0)
    checks.assert_recounted_equal(world, "funnel-step")
