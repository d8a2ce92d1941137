"""Assigns an event to a day and an hour of the fleet's time zone."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from daybook.engine.errors import Poison
from daybook.engine.moment import parse_moment

FUTURE_MS_MAX = 24 * 3600 * 1000
EARLIEST_MS = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST_MS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""The log's own times end here, as the dates of events do: a later one is no time of arrival."""
_CACHED_MINUTES_MAX = 100_000
_CACHED_HOURS_MAX = 10_000
_REASON = "occurred_at"


class DayHour(NamedTuple):
    """`day` is YYYY-MM-DD, `hour` is 00 … 23."""

    day: str
    hour: str


class Calendar:
    """Maps `occurred_at` to its day and hour, from the message alone, never from a clock."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._minutes: dict[str, tuple[DayHour, int]] = {}
        self._hours: dict[str, tuple[DayHour, int]] = {}

    def day_hour(self, occurred_at: str, appended_ms: int) -> DayHour:
        """The day and hour of an event that the broker appended at `appended_ms`.

        Raises Poison for a time that does not exist, one before 1990, or one more than 24 hours
        after `appended_ms` (milliseconds since 1970); and if that is before 1990 or after 2099.
        """
        if not EARLIEST_MS <= appended_ms < LATEST_MS:
            raise Poison("appended_at", "its time of arrival is before 1990 or after 2099")
        minute = occurred_at[:16]
        if occurred_at[-1] not in "Zz":
            minute += occurred_at[-6:]
        cached = self._minutes.get(minute)
        if cached is None:
            cached = self._cache_minute(minute)
        day_hour, start_ms = cached
        if occurred_at[17] > "5":
            return self.day_hour(self._without_leap_second(occurred_at), appended_ms)
        if start_ms + 60_000 > appended_ms + FUTURE_MS_MAX:
            self._refuse_future(occurred_at, appended_ms)
        return day_hour

    def day_hours(self, occurred_at: list[str], appended_ms: list[int]) -> list[DayHour]:
        """Calls `day_hour` for each pair, faster. Raises Poison if any call would."""
        hours = [moment[:13] for moment in occurred_at if moment[-1] == "Z"]
        for hour in {hour for hour in hours if hour not in self._hours}:
            self._cache_hour(hour)
        cached = [self._hours[hour] for hour in hours if hour in self._hours]
        if len(cached) == len(occurred_at):
            latest_ms = max([start_ms for _, start_ms in cached]) + 3_600_000
            has_minutes = max([moment[14] for moment in occurred_at]) <= "5"
            has_seconds = max([moment[17] for moment in occurred_at]) <= "5"
            earliest_ms = min(appended_ms)
            is_arrival = earliest_ms >= EARLIEST_MS and max(appended_ms) < LATEST_MS
            is_past = latest_ms <= earliest_ms + FUTURE_MS_MAX
            if has_minutes and has_seconds and is_arrival and is_past:
                return [day_hour for day_hour, _ in cached]
        return list(map(self.day_hour, occurred_at, appended_ms))

    def _cache_minute(self, minute: str) -> tuple[DayHour, int]:
        try:
            start = datetime.fromisoformat(minute if minute[16:] else f"{minute}+00:00")
            local = start.astimezone(self._zone)
        except (ValueError, OverflowError):
            raise Poison(_REASON, "no such time") from None
        start_ms = int(start.timestamp() * 1000)
        if start_ms < EARLIEST_MS:
            raise Poison(_REASON, "before 1990")
        if len(self._minutes) >= _CACHED_MINUTES_MAX:
            self._minutes.clear()
        text = local.isoformat()
        entry = DayHour(text[:10], text[11:13]), start_ms
        self._minutes[minute] = entry
        return entry

    def _cache_hour(self, hour: str) -> None:
        """Caches an hour of UTC if it is exactly one hour of the zone, as in most zones."""
        day_hour, start_ms = self._cache_minute(f"{hour}:00")
        if day_hour == self._cache_minute(f"{hour}:59")[0]:
            if len(self._hours) >= _CACHED_HOURS_MAX:
                self._hours.clear()
            self._hours[hour] = day_hour, start_ms

    @staticmethod
    def _without_leap_second(occurred_at: str) -> str:
        try:
            return parse_moment(occurred_at).isoformat()
        except ValueError:
            raise Poison(_REASON, "no such second") from None

    @staticmethod
    def _refuse_future(occurred_at: str, appended_ms: int) -> None:
        if parse_moment(occurred_at).timestamp() * 1000 > appended_ms + FUTURE_MS_MAX:
            raise Poison(_REASON, "more than 24 hours after its arrival")
