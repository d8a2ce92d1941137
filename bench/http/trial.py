"""Generates a test of the year's funnel, with a row for each exposed visitor."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from bson import Int64

from bench import year
from consumers import funnel_step, revenue
from daybook.engine.mongo.client import Documents
from models.experiment_visitor import ExperimentVisitors

TEST, VISITORS = "button", 100_000
VARIANTS = ("old", "new")
_CONVERTING = 25
"""Every visitor of this number converts."""
_AT_ONCE = 10_000
_STARTED = datetime.combine(year.LAST - timedelta(days=29), time(), UTC)


def fill(documents: Documents) -> None:
    """Inserts the test and its rows, as complete."""
    named = {"organization_id": year.ORGANIZATION, "funnel_id": year.FUNNEL}
    variants = [
        {"variant_id": name, "name": name, "is_control": name == "old", "traffic_split": 0.5}
        for name in VARIANTS
    ]
    test = {"test_id": TEST, "name": "Button", "status": "running", "variants": variants}
    life = {"started_at": _STARTED, "completed_at": None}
    documents["experiments"].insert_one(
        {"_id": f"{year.ORGANIZATION}:{TEST}", **named, **test, **life}
    )
    rows = _rows(named)
    while some := list(islice(rows, _AT_ONCE)):
        documents[ExperimentVisitors.collection].insert_many(some)
    for group in (funnel_step.GROUP, revenue.GROUP):
        by_id = {"_id": f"group:{group.name}"}
        documents["_daybook"].update_one(by_id, {"$set": {"models": group.models}}, upsert=True)


def known() -> list[tuple[int, int]]:
    """Visitors and converting visitors of each variant."""
    each = VISITORS // len(VARIANTS)
    return [(each, each // _CONVERTING)] * len(VARIANTS)


def _rows(named: dict[str, str]) -> Iterator[dict[str, Any]]:
    for number in range(VISITORS):
        at = _STARTED + timedelta(seconds=20 * number)
        variant = VARIANTS[number % len(VARIANTS)]
        exposed: dict[str, Any] = {
            "event_type": "experiment_exposed",
            "test_id": TEST,
            "variant_id": variant,
        }
        events = [exposed | {"at": at + timedelta(minutes=n)} for n in range(3)]
        if number // len(VARIANTS) % _CONVERTING == 0:
            sold = {"value_cents": Int64(4_900), "currency": "EUR"}
            later = at + timedelta(hours=1)
            events.append({"event_type": "conversion", "at": later, **sold})
        yield {
            "_id": f"{year.ORGANIZATION}:visitor-{number}:{year.FUNNEL}",
            **named,
            "visitor_id": f"visitor-{number}",
            "events": events,
            "events_total": Int64(len(events)),
            "truncated": Int64(0),
        }
