"""The life of an experiment: the days from its start to its end, on which exposures count."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from daybook.query.answer.parameters import RequestedRange
from daybook.query.figures.date_range import DAYS_MAX, Span
from daybook.query.figures.totals import DayDocument


def within_lives(
    tests: Iterable[DayDocument], days: Iterable[DayDocument], zone: ZoneInfo
) -> list[DayDocument]:
    """The daily documents, each of a day of exposure, from its test's start to its end."""
    lives = {
        test["test_id"]: (_day(test["started_at"], zone), _day(test["completed_at"], zone))
        for test in tests
    }
    kept = []
    for day in days:
        (first, last), own = lives[day["test_id"]], day["date"].date()
        if (first is None or first <= own) and (last is None or own <= last):
            kept.append(day)
    return kept


def span_of(requested: RequestedRange, tests: Sequence[DayDocument]) -> Span:
    """The range that was asked for, by default the lives of these tests, at most the last year of
    them. Raises Problem (422)."""
    if any(requested.bounds):
        return requested.span()
    zone, today = requested.fleet_zone, requested.today
    ends = [_day(test["completed_at"], zone) or today for test in tests]
    starts = [_day(test["started_at"], zone) or end for test, end in zip(tests, ends, strict=True)]
    last = min(today, max(ends, default=today))
    earliest = last - timedelta(days=DAYS_MAX - 1)
    first = min(last, max(earliest, min(starts, default=last)))
    return requested._replace(bounds=(first.isoformat(), last.isoformat())).span()


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return None if moment is None else moment.astimezone(zone).date()
