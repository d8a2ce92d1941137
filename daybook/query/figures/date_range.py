"""The range of days of a report, and its division into days, weeks or months."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from daybook.engine.moment import parse_moment
from daybook.query.problem import wrong

DAYS_MAX = 366
_EARLIEST = date(1990, 1, 1)
_AHEAD_DAYS = 366
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_INSTANT = timedelta(milliseconds=1)
_DAY_LENGTHS = (len("20261120"), len("2026-11-20"))
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_NO_DAYS_EDGE = "must be a day, or the instant at which one {} in {}: documents are of whole days"
_ZONES = frozenset(available_timezones())

Granularity = Literal["hour", "day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A point of a series: the part of a day, week or month that lies within the range."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Span:
    """A range of days from `first` to `last`, inclusive, at most a year, in `fleet_zone`.

    Timestamps are rendered in `zone`, which is the fleet's unless the caller chose another one.
    """

    first: date
    last: date
    fleet_zone: ZoneInfo
    zone: ZoneInfo

    @property
    def period(self) -> dict[str, str]:
        """The range as response bodies contain it."""
        return {"start": self.first.isoformat(), "end": self.last.isoformat()}

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def dates(self) -> dict[str, datetime]:
        """A filter for the documents' `date`, which is midnight UTC of the calendar day."""
        return {"$gte": _midnight(self.first), "$lte": _midnight(self.last)}

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """When the first day begins, and when the last one has ended."""
        first, after = (
            datetime.combine(day, time(), self.fleet_zone).astimezone(UTC)
            for day in (self.first, self.last + _DAY)
        )
        return first, after

    def previous(self) -> "Span":
        """The preceding range of equal length."""
        return replace(self, first=self.first - self.days * _DAY, last=self.first - _DAY)

    def buckets(self, granularity: Granularity) -> Iterator[Bucket]:
        """All buckets of the range in order; hours are in those of days. Weeks begin on Mondays."""
        first = self.first
        while first <= self.last:
            last = min(self.last, _end(first, granularity))
            yield Bucket(first, last)
            first = last + _DAY

    def midnight(self, day: date) -> str:
        """The start of a day in the fleet's zone, as ISO 8601 in the caller's zone."""
        return self.render(datetime.combine(day, time(), self.fleet_zone))

    def hour(self, day: date, hour: int) -> str:
        """The start of an hour in the fleet's zone, as ISO 8601 in the caller's zone."""
        return self.render(datetime.combine(day, time(hour), self.fleet_zone))

    def render(self, moment: datetime) -> str:
        """A time as ISO 8601 with its offset in the caller's zone."""
        return iso_timestamp(moment, self.zone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def iso_timestamp(moment: datetime, zone: ZoneInfo) -> str:
    # By way of UTC, because a local time that a clock change skips does not exist.
    text = moment.astimezone(UTC).astimezone(zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def parse_span(
    first: str | None,
    last: str | None,
    fleet_zone: ZoneInfo,
    zone: ZoneInfo,
    today: date,
    names: tuple[str, str] = ("from", "to"),
) -> Span:
    """The range of two query parameters with these names. Raises Problem (422) with the reason.

    A bound is a day (`2026-11-20`), or the instant at which a day of the fleet's zone begins or
    ends: `to` at midnight does not include the day that begins then. A time without an offset is a
    time of that zone. Documents are of whole days, so any other instant is refused.
    """
    begin, end = names
    span = Span(_first(begin, first, fleet_zone), _last(end, last, fleet_zone), fleet_zone, zone)
    if span.first > span.last:
        raise wrong(begin, f"must not be after `{end}`")
    if span.days > DAYS_MAX:
        raise wrong(end, "a range must not be longer than a year")
    if span.first < _EARLIEST or span.last > today + _AHEAD_DAYS * _DAY:
        raise wrong(begin, "a range must lie between 1990 and a year from now")
    return span


def zone_named(name: str) -> ZoneInfo:
    """Raises Problem (422)."""
    if name not in _ZONES:
        raise wrong("tz", "must be a zone of the tz database, such as Europe/Berlin")
    return ZoneInfo(name)


def _first(name: str, text: str | None, zone: ZoneInfo) -> date:
    bound = _bound(name, text, zone)
    if not isinstance(bound, datetime):
        return bound
    day = _day_of(bound, zone)
    if _day_of(bound - _INSTANT, zone) == day:
        raise wrong(name, _NO_DAYS_EDGE.format("begins", zone.key))
    return day


def _last(name: str, text: str | None, zone: ZoneInfo) -> date:
    """The last day that ends by then; 23:59:59 is the end of its day."""
    bound = _bound(name, text, zone)
    if not isinstance(bound, datetime):
        return bound
    day = _day_of(bound, zone)
    if _day_of(bound - _INSTANT, zone) != day:
        return day - _DAY
    if _day_of(bound + _SECOND, zone) == day:
        raise wrong(name, _NO_DAYS_EDGE.format("ends", zone.key))
    return day


def _bound(name: str, text: str | None, zone: ZoneInfo) -> date | datetime:
    """A day, or an instant in UTC. Raises Problem (422)."""
    if text is None:
        raise wrong(name, "is required: a day such as 2026-11-20")
    try:
        if len(text) in _DAY_LENGTHS:
            return date.fromisoformat(text)
        if _LOCAL.fullmatch(text):
            moment = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        else:
            moment = parse_moment(text).astimezone(UTC)
        for near in (moment - _SECOND, moment + _SECOND):
            near.astimezone(zone)
    except (ValueError, OverflowError):
        raise wrong(name, "must be a day such as 2026-11-20, or a time of RFC 3339") from None
    return moment


def _day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _end(day: date, granularity: Granularity) -> date:
    match granularity:
        case "hour" | "day":
            return day
        case "week":
            return day + (6 - day.weekday()) * _DAY
        case "month":
            return (day.replace(day=1) + 32 * _DAY).replace(day=1) - _DAY
