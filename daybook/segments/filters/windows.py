"""The windows of conditions: elapsed time, or calendar days of the fleet's zone."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from schemas.filters import DAYS_MAX, Days, parse_window

_MINUTE_MS = 60_000
_DAY_MS = 24 * 60 * _MINUTE_MS
_FIRST_DAY = date(1970, 1, 1)


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
        return _midnight(_day(t, self.zone) - self.days + 1, self.zone)

    def end(self, at: int) -> int:
        return _midnight(_day(at, self.zone) + self.days, self.zone)


def _day(at: int, zone: ZoneInfo) -> int:
    """The day of a moment in the zone, counted from 1970. It is at most one from that of UTC."""
    day = at // _DAY_MS
    if at < _midnight(day, zone):
        return day - 1
    return day if at < _midnight(day + 1, zone) else day + 1


@lru_cache(2**14)
def _midnight(day: int, zone: ZoneInfo) -> int:
    begins = datetime.combine(_FIRST_DAY + timedelta(days=day), time.min, zone)
    return int(begins.timestamp()) * 1000


def window(within: str | None, zone: ZoneInfo) -> Window:
    """The window of a condition; without `within`, the last 731 days. Raises ValueError."""
    parsed = Days(DAYS_MAX) if within is None else parse_window(within)
    if isinstance(parsed, Days):
        return CalendarWindow(int(parsed), zone)
    return ElapsedWindow(parsed * _MINUTE_MS)
