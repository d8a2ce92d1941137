"""What Redis shows of an organization's segments."""

import json
from typing import Any

import pytest
from redis import Redis

from daybook.engine.redis_client import blocking
from daybook.segments.stage.live import SECONDS, LiveSegments, segments_key
from tests.segments.filters.person import at
from tests.support.world import World


class Shown:
    """The segments of an organization of the world's own."""

    def __init__(self, world: World) -> None:
        self.documents, self.organization = world.documents, world.name
        self.redis: Redis = blocking(world.settings, 5)
        self.seconds = 100.0
        self.live = LiveSegments(self.documents, self.redis, lambda: self.seconds)

    def add(self, segment: str, version: int, status: str, *members: str) -> None:
        named = {"organization_id": self.organization, "segment_id": segment, "version": version}
        self.documents["audience_segments"].insert_one(
            {"_id": f"{segment}:{version}", **named, "name": segment.title(), "status": status}
        )
        for person in members:
            self.documents["segment_members"].insert_one(named | {"person": person, "in": True})
        self.documents["segment_members"].insert_one(named | {"person": "u:left", "in": False})

    def show(self) -> dict[str, Any]:
        self.live.show([self.organization], at("3 09:00"))
        stored: dict[Any, Any] = self.redis.hgetall(segments_key(self.organization))
        return {name.decode(): json.loads(value) for name, value in stored.items()}


@pytest.fixture
def shown(world: World) -> Shown:
    return Shown(world)


def test_segments_in_force_are_shown_with_their_members(shown: Shown) -> None:
    shown.add("carts", 1, "superseded", "u:a", "u:b", "u:c")
    shown.add("carts", 2, "active", "u:a", "u:b")
    shown.add("new", 1, "backfilling")
    shown.add("old", 1, "retired", "u:a")
    clock = "2026-03-03T09:00:00.000Z"
    named = {"name": "Carts", "version": 2, "status": "active", "members": 2}
    new = {"name": "New", "version": 1, "status": "backfilling", "members": 0}
    assert shown.show() == {"carts": named | {"clock": clock}, "new": new | {"clock": clock}}
    stored = {row["_id"]: row["members"] for row in shown.documents["audience_segments"].find()}
    assert stored == {"carts:1": 3, "carts:2": 2, "new:1": 0, "old:1": 1}


def test_what_was_emptied_is_there_again_and_what_was_retired_goes(shown: Shown) -> None:
    shown.add("carts", 1, "active", "u:a")
    assert shown.show().keys() == {"carts"}
    shown.redis.delete(segments_key(shown.organization))
    assert shown.show() == {}
    shown.seconds += SECONDS
    assert shown.show().keys() == {"carts"}
    shown.documents["audience_segments"].update_many({}, {"$set": {"status": "retired"}})
    shown.seconds += SECONDS
    assert shown.show() == {}


def test_without_redis_members_are_counted_all_the_same(world: World) -> None:
    shown = Shown(world)
    shown.add("carts", 1, "active", "u:a")
    away: Redis = Redis(host="127.0.0.1", port=1, socket_connect_timeout=1)
    live = LiveSegments(shown.documents, away, lambda: 0.0)
    live.show([shown.organization], at("3 09:00"))
    assert (shown.documents["audience_segments"].find_one() or {})["members"] == 1
