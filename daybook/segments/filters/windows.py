"""The windows of conditions: elapsed time, or calendar days of the fleet's zone."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from daybook.engine.moment import moment_at
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
        return _midnight(_day(t // _MINUTE_MS, self.zone) - _DAY * (self.days - 1), self.zone)

    def end(self, at: int) -> int:
        return _midnight(_day(at // _MINUTE_MS, self.zone) + _DAY * self.days, self.zone)


@lru_cache(2**17)
def _day(minute: int, zone: ZoneInfo) -> date:
    """The day of a minute since 1970. Offsets of all zones since 1990 are whole minutes. Cached,
    because each condition of each segment asks for the same few moments of a person."""
    return moment_at(minute * _MINUTE_MS).astimezone(zone).date()


@lru_cache(2**12)
def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time.min, zone).timestamp()) * 1000


def window(within: str | None, zone: ZoneInfo) -> Window:
    """The window of a condition; without `within`, the last 731 days. Raises ValueError."""
    parsed = Days(DAYS_MAX) if within is None else parse_window(within)
    if isinstance(parsed, Days):
        return CalendarWindow(int(parsed), zone)
    return ElapsedWindow(parsed * _MINUTE_MS)
