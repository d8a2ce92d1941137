"""The windows of conditions: elapsed time, or calendar days of the fleet's zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from schemas.filters import DAYS_MAX, Days, parse_window

_MINUTE_MS = 60_000
_DAY = timedelta(days=1)


class Window(Protocol):
    """Which events count at a moment t. All times are milliseconds since 1970."""

    def first(self, t: int) -> int:
        """The earliest time of an event that still counts at t."""

    def end(self, at: int) -> int:
        """The first moment at which an event of this time no longer counts."""


class ElapsedWindow(NamedTuple):
    """An event counts while less than so many milliseconds have passed since."""

    ms: int

    def first(self, t: int) -> int:
        return t - self.ms + 1

    def end(self, at: int) -> int:
        return at + self.ms


class CalendarWindow(NamedTuple):
    """An event counts on its own day of the zone and the days after it, so many days in all."""

    days: int
    zone: ZoneInfo

    def first(self, t: int) -> int:
        return self._midnight(self._day(t) - _DAY * (self.days - 1))

    def end(self, at: int) -> int:
        return self._midnight(self._day(at) + _DAY * self.days)

    def _day(self, at: int) -> date:
        return (
            (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at))
            .astimezone(self.zone)
            .date()
        )

    def _midnight(self, day: date) -> int:
        return int(datetime.combine(day, time.min, self.zone).timestamp()) * 1000


def window(within: str | None, zone: ZoneInfo) -> Window:
    """The window of a condition; without `within`, the last 731 days. Raises ValueError."""
    parsed = Days(DAYS_MAX) if within is None else parse_window(within)
    if isinstance(parsed, Days):
        return CalendarWindow(int(parsed), zone)
    return ElapsedWindow(parsed * _MINUTE_MS)
