"""The days that a report is about, and how they are put together for a series."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from daybook.query.problem import wrong

DAYS_MAX = 366
_EARLIEST = date(1990, 1, 1)
_AHEAD_DAYS = 366
_DAY = timedelta(days=1)
_ZONES = frozenset(available_timezones())

Granularity = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A point of a series: the days of one day, week or month that lie within the range."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both counted; at most a year. Days are those of `fleet_zone`.

    Times are told in `zone`, which is the fleet's unless the caller asked for another one.
    """

    first: date
    last: date
    fleet_zone: ZoneInfo
    zone: ZoneInfo

    @property
    def period(self) -> dict[str, str]:
        """As every body has it: two days, both counted."""
        return {"start": self.first.isoformat(), "end": self.last.isoformat()}

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def dates(self) -> dict[str, datetime]:
        """A filter of documents' `date`: midnight UTC of the day's name."""
        return {"$gte": _midnight(self.first), "$lte": _midnight(self.last)}

    def previous(self) -> "Span":
        """As many days, directly before."""
        return replace(self, first=self.first - self.days * _DAY, last=self.first - _DAY)

    def buckets(self, granularity: Granularity) -> Iterator[Bucket]:
        """Every one of the range in order, empty ones as well. Weeks begin on Mondays."""
        first = self.first
        while first <= self.last:
            last = min(self.last, _end(first, granularity))
            yield Bucket(first, last)
            first = last + _DAY

    def midnight(self, day: date) -> str:
        """When a day of the fleet begins, ISO 8601 in the caller's zone."""
        return self.render(datetime.combine(day, time(), self.fleet_zone))

    def hour(self, day: date, hour: int) -> str:
        """When an hour of a day of the fleet begins, likewise."""
        return self.render(datetime.combine(day, time(hour), self.fleet_zone))

    def render(self, moment: datetime) -> str:
        """A moment, ISO 8601 with its offset, in the caller's zone."""
        return iso_timestamp(moment, self.zone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def iso_timestamp(moment: datetime, zone: ZoneInfo) -> str:
    # By way of UTC: a time that a clock change skips does not exist, and is told as what it is.
    text = moment.astimezone(UTC).astimezone(zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def span(
    first: str | None,
    last: str | None,
    fleet_zone: ZoneInfo,
    zone: ZoneInfo,
    today: date,
    names: tuple[str, str] = ("from", "to"),
) -> Span:
    """A range as it was asked for, by these names. Raises Problem (422) with the reason.

    A bound is a day (`2026-11-20`) or a time, which means its day in the fleet's zone; without an
    offset it is a time of that zone.
    """
    begin, end = names
    found = Span(_day(begin, first, fleet_zone), _day(end, last, fleet_zone), fleet_zone, zone)
    if found.first > found.last:
        raise wrong(begin, f"must not be after `{end}`")
    if found.days > DAYS_MAX:
        raise wrong(end, "a range has one year at most")
    if found.first < _EARLIEST or found.last > today + _AHEAD_DAYS * _DAY:
        raise wrong(begin, "a range lies between 1990 and a year from now")
    return found


def zone_named(name: str) -> ZoneInfo:
    """Raises Problem (422)."""
    if name not in _ZONES:
        raise wrong("tz", "not a zone of the tz database, such as Europe/Berlin")
    return ZoneInfo(name)


def _day(name: str, text: str | None, zone: ZoneInfo) -> date:
    if text is None:
        raise wrong(name, "is needed: a day such as 2026-11-20")
    try:
        if len(text) == len("2026-11-20"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.date()
        return moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        raise wrong(name, "must be a day such as 2026-11-20, or a time in ISO 8601") from None


def _end(day: date, granularity: Granularity) -> date:
    match granularity:
        case "day":
            return day
        case "week":
            return day + (6 - day.weekday()) * _DAY
        case "month":
            return (day.replace(day=1) + 32 * _DAY).replace(day=1) - _DAY
