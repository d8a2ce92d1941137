"""Documents put together by hour, day or week."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple

from query.span import Span

Granularity = Literal["hour", "day", "week"]
Document = Mapping[str, Any]
_HOURS = 24


class Point(NamedTuple):
    """`timestamp` is when it begins; `documents` are of its days, or parts of one for an hour."""

    timestamp: str
    documents: list[Document]


def series(documents: Iterable[Document], span: Span, granularity: Granularity) -> Iterator[Point]:
    """Every point of the range in order, those without documents as well.

    Weeks begin on Mondays, the first with the range. Of the hours, those that a clock change
    leaves out are left out; the one that it repeats is one.
    """
    by_day: dict[date, list[Document]] = {}
    for document in documents:
        by_day.setdefault(day_of(document), []).append(document)
    if granularity == "hour":
        yield from _hours(by_day, span)
        return
    for bucket in span.buckets(granularity):
        days = (bucket.last - bucket.first).days + 1
        within = [bucket.first + timedelta(days=n) for n in range(days)]
        found = [document for day in within for document in by_day.get(day, ())]
        yield Point(span.midnight(bucket.first), found)


def day_of(document: Document) -> date:
    """Which day a document is about."""
    day: datetime = document["date"]
    return day.date()


def _hours(by_day: Mapping[date, list[Document]], span: Span) -> Iterator[Point]:
    for bucket in span.buckets("day"):
        day = bucket.first
        for hour in range(_HOURS):
            if _exists(day, hour, span):
                found = [_hour(document, hour) for document in by_day.get(day, ())]
                yield Point(span.hour(day, hour), found)


def _exists(day: date, hour: int, span: Span) -> bool:
    local = datetime.combine(day, time(hour), span.fleet_zone)
    return local.astimezone(UTC).astimezone(span.fleet_zone).hour == hour


def _hour(document: Document, hour: int) -> Document:
    """An hour's numbers in the form of a day; `currencies` null where its money is not known."""
    numbers = (document.get("hours") or {}).get(f"{hour:02d}", {})
    named = list(document.get("currencies") or {})
    if len(named) > 1 and numbers:
        return {**numbers, "currencies": None}
    return {**numbers, "currencies": {currency: numbers for currency in named[:1]}}
