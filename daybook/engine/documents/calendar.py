"""The day and the hour an event belongs to, in the fleet's zone."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from daybook.engine.errors import Poison

FUTURE_MS_MAX = 24 * 3600 * 1000
EARLIEST_MS = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
_CACHED_MINUTES_MAX = 100_000
_CACHED_HOURS_MAX = 10_000
_REASON = "occurred_at"


class DayHour(NamedTuple):
    """`day` as YYYY-MM-DD, `hour` as 00 … 23."""

    day: str
    hour: str


class Calendar:
    """Maps `occurred_at` to its day and hour; the message alone decides, never a clock."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._minutes: dict[str, tuple[DayHour, int]] = {}
        self._hours: dict[str, tuple[DayHour, int]] = {}

    def day_hour(self, occurred_at: str, appended_ms: int) -> DayHour:
        """The day and hour of a moment that reached the log at `appended_ms`.

        Raises Poison for a date that does not exist, one before 1990, or one more than 24 hours
        after the message arrived.
        """
        minute = occurred_at[:16]
        if occurred_at[-1] != "Z":
            minute += occurred_at[-6:]
        known = self._minutes.get(minute)
        if known is None:
            known = self._learn(minute)
        day_hour, start_ms = known
        if occurred_at[17] > "5":
            raise Poison(_REASON, "there is no such second")
        if start_ms + 60_000 > appended_ms + FUTURE_MS_MAX:
            self._refuse_future(occurred_at, appended_ms)
        return day_hour

    def day_hours(self, occurred_at: list[str], appended_ms: list[int]) -> list[DayHour]:
        """As `day_hour`, of several. Raises Poison if it would for any."""
        hours = [each[:13] for each in occurred_at if each[-1] == "Z"]
        for hour in {hour for hour in hours if hour not in self._hours}:
            self._learn_hour(hour)
        known = [self._hours[hour] for hour in hours if hour in self._hours]
        if len(known) == len(occurred_at):
            latest_ms = max([start_ms for _, start_ms in known]) + 3_600_000
            is_a_minute = max([each[14] for each in occurred_at]) <= "5"
            is_a_second = max([each[17] for each in occurred_at]) <= "5"
            if is_a_minute and is_a_second and latest_ms <= min(appended_ms) + FUTURE_MS_MAX:
                return [day_hour for day_hour, _ in known]
        return list(map(self.day_hour, occurred_at, appended_ms))

    def _learn(self, minute: str) -> tuple[DayHour, int]:
        try:
            start = datetime.fromisoformat(minute if minute[16:] else f"{minute}+00:00")
            local = start.astimezone(self._zone)
        except (ValueError, OverflowError):
            raise Poison(_REASON, "there is no such time") from None
        start_ms = int(start.timestamp() * 1000)
        if start_ms < EARLIEST_MS:
            raise Poison(_REASON, "before 1990")
        if len(self._minutes) >= _CACHED_MINUTES_MAX:
            self._minutes.clear()
        text = local.isoformat()
        known = DayHour(text[:10], text[11:13]), start_ms
        self._minutes[minute] = known
        return known

    def _learn_hour(self, hour: str) -> None:
        """An hour of UTC, if it is one hour of the zone: most zones are whole hours away."""
        day_hour, start_ms = self._learn(f"{hour}:00")
        if day_hour == self._learn(f"{hour}:59")[0]:
            if len(self._hours) >= _CACHED_HOURS_MAX:
                self._hours.clear()
            self._hours[hour] = day_hour, start_ms

    @staticmethod
    def _refuse_future(occurred_at: str, appended_ms: int) -> None:
        moment = datetime.fromisoformat(occurred_at)
        if moment.timestamp() * 1000 > appended_ms + FUTURE_MS_MAX:
            raise Poison(_REASON, "more than 24 hours after its arrival")
