"""How fresh numbers are: what the members of the groups that keep them last reported."""

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

KNOWN_SECONDS = 1.0
_ZONE_SECONDS = 60.0


class AsOf(TypedDict):
    """`newest_event_at`: of the newest event counted, as members said who are known still.

    `counted_at`: when the groups last made their progress durable. `lag_messages`: how many the
    logs had beyond, `reported_at`. Times are ISO 8601; null is not known.
    """

    newest_event_at: str | None
    counted_at: str | None
    lag_messages: int | None
    reported_at: str | None


class Freshness:
    """Asks for a group once a second at most, and for the fleet's zone once a minute."""

    def __init__(
        self, reader: Reader, zone: ZoneInfo, clock: Callable[[], float] = monotonic
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._zone = zone
        self._zone_until = 0.0
        self._zone_known = asyncio.Lock()
        self._known: dict[tuple[str, ...], tuple[float, AsOf]] = {}

    async def of(self, groups: tuple[str, ...], zone: ZoneInfo) -> AsOf:
        """Raises Unavailable."""
        key = (*groups, zone.key)
        until, known = self._known.get(key, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        members, checkpoints = await self._reports(groups)
        found = as_of(members, checkpoints, zone)
        if len(self._known) > 1_000:
            self._known.clear()
        self._known[key] = self._clock() + KNOWN_SECONDS, found
        return found

    async def zone(self) -> ZoneInfo:
        """The zone whose days are counted: as bound in the database, else as the setting says.

        While MongoDB is away it is the one that is known.
        """
        if self._clock() < self._zone_until:
            return self._zone
        async with self._zone_known:
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
    """Of a partition that had several owners, the newest heartbeat's word counts."""
    newest: dict[tuple[str, int], tuple[datetime, int]] = {}
    events, beats = [], []
    for member in members:
        beats.append(member["heartbeat_at"])
        if member.get("newest_event_at"):
            events.append(member["newest_event_at"])
        for own in member["partitions"]:
            place = own["topic_id"], own["partition"]
            said = member["heartbeat_at"], own["lag"]
            newest[place] = max(said, newest.get(place, said))
    return {
        "newest_event_at": _newest(events, zone),
        "counted_at": _newest([one["at"] for one in checkpoints if "at" in one], zone),
        "lag_messages": sum(lag for _, lag in newest.values()) if newest else None,
        "reported_at": _newest(beats, zone),
    }


def _newest(moments: list[datetime], zone: ZoneInfo) -> str | None:
    return iso_timestamp(max(moments), zone) if moments else None
