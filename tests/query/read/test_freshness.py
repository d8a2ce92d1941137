"""Freshness is computed from the last reports of members."""

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
    partitions = [{"topic_id": "t", "partition": int(n[1:]), "lag": lag} for n, lag in lags.items()]
    return {"heartbeat_at": at, "newest_event_at": event, "partitions": partitions}


def test_the_newest_report_of_a_partition_counts() -> None:
    found = as_of([member(EARLY, LATE, p0=50, p1=3), member(LATE, EARLY, p0=1)], [], UTC_ZONE)
    assert found["lag_messages"] == 4
    assert found["newest_event_at"] == found["reported_at"] == "2026-11-20T10:00:00Z"


def test_an_unreported_lag_is_null_and_not_0() -> None:
    assert as_of([], [{"at": EARLY}], UTC_ZONE) == {
        "newest_event_at": None,
        "counted_at": "2026-11-20T09:00:00Z",
        "lag_messages": None,
        "reported_at": None,
    }
    assert as_of([member(EARLY, None, p0=0)], [], UTC_ZONE)["lag_messages"] == 0


class Fleet:
    """A database with the fleet's time zone, which may be unavailable; it counts the reads."""

    def __init__(self) -> None:
        self.zone: str | None = "Europe/Rome"
        self.is_unavailable = False
        self.reads = 0

    async def find_one(self, *_: Any) -> dict[str, Any] | None:
        self.reads += 1
        if self.is_unavailable:
            raise Unavailable("unavailable")
        return {"settings": {"zone": self.zone}} if self.zone else None


def test_the_zone_is_the_bound_one_and_stays_cached() -> None:
    fleet, now = Fleet(), [0.0]
    freshness = Freshness(cast(Reader, fleet), UTC_ZONE, lambda: now[0])
    fleet.is_unavailable = True
    assert asyncio.run(freshness.zone()) == UTC_ZONE
    fleet.is_unavailable = False
    assert asyncio.run(freshness.zone()) == ROME
    fleet.is_unavailable = True
    now[0] = 3_600.0
    assert asyncio.run(freshness.zone()) == ROME
    assert fleet.reads == 3


def test_without_a_bound_zone_the_setting_applies() -> None:
    fleet = Fleet()
    fleet.zone = None
    freshness = Freshness(cast(Reader, fleet), ROME)
    assert [asyncio.run(freshness.zone()) for _ in range(2)] == [ROME, ROME]
    assert fleet.reads <= 2
