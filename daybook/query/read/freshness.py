"""How fresh numbers are, from the last reports of the members that count them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from daybook.engine.bookkeeping import FLEET, MEMBERS
from daybook.engine.errors import Unavailable
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.read.mongo import Document, Reader, beneath

CACHED_SECONDS = 1.0
_ZONE_SECONDS = 60.0


class AsOf(TypedDict):
    """`newest_event_at`: when the newest counted event occurred, by the members still known.

    `counted_at`: when the groups last wrote a checkpoint. `lag_messages`: how many messages were
    not yet counted at `reported_at`. Times are ISO 8601; null means unknown.
    """

    newest_event_at: str | None
    counted_at: str | None
    lag_messages: int | None
    reported_at: str | None


class Freshness:
    """Reads the state of a group at most once a second, and the fleet's time zone once a minute."""

    def __init__(
        self, reader: Reader, zone: ZoneInfo, clock: Callable[[], float] = monotonic
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._zone = zone
        self._zone_until = 0.0
        self._zone_lock = asyncio.Lock()
        self._cached: dict[tuple[str, ...], tuple[float, AsOf]] = {}

    async def as_of(self, groups: tuple[str, ...], zone: ZoneInfo) -> AsOf:
        """The freshness of these groups' numbers together. Raises Unavailable."""
        key = (*groups, zone.key)
        until, cached = self._cached.get(key, (0.0, None))
        if cached is not None and self._clock() < until:
            return cached
        members, checkpoints = await self._reports(groups)
        fresh = as_of(members, checkpoints, zone)
        if len(self._cached) > 1_000:
            self._cached.clear()
        self._cached[key] = self._clock() + CACHED_SECONDS, fresh
        return fresh

    async def zone(self) -> ZoneInfo:
        """The time zone of the days: the one bound in the database, else the setting's.

        While MongoDB is unavailable this is the zone read last.
        """
        if self._clock() < self._zone_until:
            return self._zone
        async with self._zone_lock:
            if self._clock() >= self._zone_until:
                with suppress(Unavailable):
                    self._zone = await self._bound_zone()
                    self._zone_until = self._clock() + _ZONE_SECONDS
        return self._zone

    async def _bound_zone(self) -> ZoneInfo:
        fleet = await self._reader.find_one(FLEET, {"_id": "fleet"}, ["settings.zone"])
        return ZoneInfo(fleet["settings"]["zone"]) if fleet else self._zone

    async def _reports(self, groups: Iterable[str]) -> tuple[list[Document], list[Document]]:
        members: list[Document] = []
        checkpoints: list[Document] = []
        async with self._reader.bounded():
            for group in groups:
                members += await self._reader.find(MEMBERS, {"_id": beneath(group)})
                checkpoints += await self._reader.find(
                    FLEET, {"_id": beneath(f"checkpoint:{group}")}, fields=["at"]
                )
        return members, checkpoints


def as_of(
    members: Iterable[Mapping[str, Any]], checkpoints: Iterable[Mapping[str, Any]], zone: ZoneInfo
) -> AsOf:
    """For a partition that several members reported, the newest heartbeat counts."""
    newest: dict[tuple[str, int], tuple[datetime, int]] = {}
    events, heartbeats = [], []
    for member in members:
        heartbeats.append(member["heartbeat_at"])
        if member.get("newest_event_at"):
            events.append(member["newest_event_at"])
        for assigned in member["partitions"]:
            partition = assigned["topic_id"], assigned["partition"]
            report = member["heartbeat_at"], assigned["lag"]
            newest[partition] = max(report, newest.get(partition, report))
    return {
        "newest_event_at": _newest(events, zone),
        "counted_at": _newest([point["at"] for point in checkpoints if "at" in point], zone),
        "lag_messages": sum(lag for _, lag in newest.values()) if newest else None,
        "reported_at": _newest(heartbeats, zone),
    }


def _newest(times: list[datetime], zone: ZoneInfo) -> str | None:
    return iso_timestamp(max(times), zone) if times else None
