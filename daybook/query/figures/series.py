"""Daily documents grouped into the points of a series: hours, days, weeks or months."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.totals import DayDocument

_HOURS = 24


class Point(NamedTuple):
    """`timestamp` is its start; `documents` are those of its days, or an hour's part of one."""

    timestamp: str
    documents: list[DayDocument]


def points(
    documents: Iterable[DayDocument], span: Span, granularity: Granularity
) -> Iterator[Point]:
    """All points of the range in order, including those without documents.

    Weeks begin on Mondays and months on their first day, except that the first begins with the
    range. An hour that a clock change
    skips has no point; the hour that it repeats has one.
    """
    if granularity == "hour":
        yield from _hours(documents, span)
    else:
        yield from _buckets(span, granularity, documents)


def _buckets(
    span: Span, granularity: Granularity, documents: Iterable[DayDocument]
) -> Iterator[Point]:
    by_day: dict[date, list[DayDocument]] = {}
    for document in documents:
        by_day.setdefault(document["date"].date(), []).append(document)
    for bucket in span.buckets(granularity):
        days = (bucket.last - bucket.first).days + 1
        of_bucket = [
            document
            for n in range(days)
            for document in by_day.get(bucket.first + timedelta(days=n), ())
        ]
        yield Point(span.midnight(bucket.first), of_bucket)


def _hours(documents: Iterable[DayDocument], span: Span) -> Iterator[Point]:
    by_day = _buckets(span, "day", documents)
    for bucket, (_, of_day) in zip(span.buckets("day"), by_day, strict=True):
        day = bucket.first
        for hour in range(_HOURS):
            if _exists(day, hour, span):
                yield Point(span.hour(day, hour), [_hour(document, hour) for document in of_day])


def _exists(day: date, hour: int, span: Span) -> bool:
    local = datetime.combine(day, time(hour), span.fleet_zone)
    return local.astimezone(UTC).astimezone(span.fleet_zone).hour == hour


def _hour(document: DayDocument, hour: int) -> DayDocument:
    """An hour's numbers in the form of a day; `currencies` is null if its amounts are unknown."""
    numbers = (document.get("hours") or {}).get(f"{hour:02d}", {})
    currencies = list(document.get("currencies") or {})
    if len(currencies) > 1 and numbers:
        return {**numbers, "currencies": None}
    return {**numbers, "currencies": {currency: numbers for currency in currencies[:1]}}
