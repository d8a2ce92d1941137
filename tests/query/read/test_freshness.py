"""What members last reported, put together."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from daybook.engine.errors import Unavailable
from daybook.query.read.freshness import Freshness, as_of
from daybook.query.read.mongo import Reader

ROME, UTC_ZONE = ZoneInfo("Europe/Rome"), ZoneInfo("UTC")
EARLY, LATE = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (9, 10))


def member(at: datetime, event: datetime | None, **lags: int) -> Mapping[str, Any]:
    places = [{"topic_id": "t", "partition": int(n[1:]), "lag": lag} for n, lag in lags.items()]
    return {"heartbeat_at": at, "newest_event_at": event, "partitions": places}


def test_of_a_partition_that_had_two_owners_the_newest_word_counts() -> None:
    found = as_of([member(EARLY, LATE, p0=50, p1=3), member(LATE, EARLY, p0=1)], [], UTC_ZONE)
    assert found["lag_messages"] == 4
    assert found["newest_event_at"] == found["reported_at"] == "2026-11-20T10:00:00Z"


def test_a_lag_that_nobody_reported_is_not_none_at_all() -> None:
    assert as_of([], [{"at": EARLY}], UTC_ZONE) == {
        "newest_event_at": None,
        "counted_at": "2026-11-20T09:00:00Z",
        "lag_messages": None,
        "reported_at": None,
    }
    assert as_of([member(EARLY, None, p0=0)], [], UTC_ZONE)["lag_messages"] == 0


class Fleet:
    """A database that knows the fleet's zone, unless it is away; and how often it was asked."""

    def __init__(self) -> None:
        self.zone: str | None = "Europe/Rome"
        self.is_away = False
        self.asked = 0

    async def find_one(self, *_: Any) -> dict[str, Any] | None:
        self.asked += 1
        if self.is_away:
            raise Unavailable("away")
        return {"settings": {"zone": self.zone}} if self.zone else None


def test_the_zone_is_the_one_that_is_bound_and_stays_known() -> None:
    fleet, now = Fleet(), [0.0]
    freshness = Freshness(cast(Reader, fleet), UTC_ZONE, lambda: now[0])
    fleet.is_away = True
    assert asyncio.run(freshness.zone()) == UTC_ZONE
    fleet.is_away = False
    assert asyncio.run(freshness.zone()) == ROME
    fleet.is_away = True
    now[0] = 3_600.0
    assert asyncio.run(freshness.zone()) == ROME
    assert fleet.asked == 3


def test_a_fleet_that_has_not_begun_goes_by_the_setting() -> None:
    fleet = Fleet()
    fleet.zone = None
    freshness = Freshness(cast(Reader, fleet), ROME)
    assert [asyncio.run(freshness.zone()) for _ in range(2)] == [ROME, ROME]
    assert fleet.asked <= 2
