"""Publishes traffic of the present moment, and derives the expected Redis hashes from MongoDB."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from schemas.envelope import moment_text
from tests.support.wait import until
from tests.support.world import World

TOPICS = ("sc.tracking.funnel", "sc.domain.funnel", "sc.domain.event")
STEPS = ("cart", "pay.now", "done")
COLLECTIONS = {"analytics_funnel": "funnel", "analytics_event_metrics": "event"}


def noon_zone() -> str:
    """A zone in which it is about noon, so that the day does not change during a test."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


class Bustle:
    """Generates visitors' current events; their organization is the world's name."""

    def __init__(self, world: World, seed: int = 1) -> None:
        self._world = world
        self._random = random.Random(seed)
        self.events: list[dict[str, Any]] = []
        for topic in TOPICS:
            world.make_topic(topic, partitions=4 if topic == TOPICS[0] else 1)

    def publish(self, count: int, ago: timedelta = timedelta(), funnel: str = "") -> None:
        """Publishes events that occurred `ago`."""
        events = [self._event(ago, funnel) for _ in range(count)]
        self.events += events
        self._world.publish(
            ((e["data"]["visitor_id"], json.dumps(e).encode()) for e in events), TOPICS[0]
        )

    def publish_gala(self, capacity: int) -> None:
        """Publishes the definition of a ticketed event."""
        event = {
            "event_id": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "event_type": "event.published",
            "occurred_at": moment_text(datetime.now(UTC)),
            "schema_version": 1,
            "organization_id": self._world.name,
            "data": {"event_id": "gala", "name": "Gala", "capacity": capacity},
        }
        self._world.publish([("gala", json.dumps(event).encode())], TOPICS[2])

    def _event(self, ago: timedelta, funnel: str) -> dict[str, Any]:
        pick = self._random
        kind = pick.choice(
            ["page_view", "step_entry", "step_exit", "conversion", "view", "checkout_start",
             "purchase"]
        )  # fmt: skip
        data: dict[str, Any] = {
            "visitor_id": f"v{pick.randrange(40)}",
            "session_id": "s",
            "funnel_id": funnel or pick.choice(["spring:sale", "f.2"]),
        }
        value = {"value_cents": pick.randrange(1, 900), "currency": pick.choice(["EUR", "USD"])}
        match kind:
            case "step_entry":
                data |= {"step_id": pick.choice(STEPS)}
            case "step_exit":
                outcome = pick.choice(["forward", "bounce"])
                data |= {"step_id": pick.choice(STEPS), "exit_outcome": outcome}
            case "conversion":
                data |= {"conversion_type": "signup"} | value
            case "view" | "checkout_start" | "purchase":
                bought = value if kind == "purchase" else {}
                data |= {"event_id": pick.choice(["gala", "ball%1"])} | bought
        moment = datetime.now(UTC) - ago
        return {
            "event_id": str(uuid.UUID(int=pick.getrandbits(128), version=4)),
            "event_type": kind,
            "occurred_at": moment_text(moment),
            "schema_version": 1,
            "organization_id": self._world.name,
            "data": data,
        }


def documents(world: World) -> dict[str, dict[str, str]]:
    """The hashes expected from the documents of the newest day, by key."""
    found: dict[str, dict[str, str]] = {}
    for collection, kind in COLLECTIONS.items():
        newest = world.documents[collection].find_one(sort=[("date", -1)])
        for day in world.documents[collection].find({"date": newest and newest["date"]}):
            encoded = day[f"{kind}_id"].translate({ord(c): f"%{ord(c):02X}" for c in "%:."})
            fields = dict(_hash(day, kind))
            if kind == "event":
                fields |= _over_all_days(world, day["event_id"])
            found[f"analytics:{kind}:{world.name}:{encoded}:live"] = fields
    return found


def _over_all_days(world: World, event_id: str) -> dict[str, str]:
    days = list(world.documents["analytics_event_metrics"].find({"event_id": event_id}))
    sums = {
        f"total_{name}": str(sum(day[name] for day in days))
        for name in ("tickets_sold", "admissions")
    }
    published = world.documents["ticketed_events"].find_one({"event_id": event_id})
    return sums | ({"capacity": str(published["capacity"])} if published else {})


def _hash(day: dict[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    yield "date", f"{day['date']:%Y-%m-%d}"
    yield "revision", str(day["_daybook"]["revision"])
    yield "updated_at", day["updated_at"].isoformat(timespec="milliseconds")
    for name in ("organization_id", f"{kind}_id"):
        yield name, day[name]
    for name, value in day.items():
        if isinstance(value, int | float):
            yield name, str(value)
    for currency, amounts in day["currencies"].items():
        for name, value in amounts.items():
            if isinstance(value, int):
                yield f"{name}.{currency}", str(value)


def hashes(redis: Redis, world: World) -> dict[str, dict[str, str]]:
    """The world's hashes in Redis, by key."""
    keys = redis.scan_iter(f"analytics:*:{world.name}:*:live", count=1_000)
    found: Any = {key: redis.hgetall(key) for key in keys}
    return {key: fields for key, fields in found.items() if fields}


def wait_until_right(redis: Redis, world: World, seconds: float = 60.0) -> None:
    """Waits until the hashes equal the documents, field by field."""

    def are_right() -> bool:
        expected = documents(world)
        return bool(expected) and hashes(redis, world) == expected

    until(are_right, "the hashes equal the documents", seconds)
