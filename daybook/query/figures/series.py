"""Documents put together by day, week or month."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.totals import DayDocument

FunnelGranularity = Literal["hour", "day", "week"]
"""What funnels' reports are split by; weeks begin on Mondays."""


def buckets(
    span: Span, granularity: Granularity, documents: Iterable[DayDocument]
) -> list[tuple[str, list[DayDocument]]]:
    """Every bucket of the range in order: when it begins, and the documents of its days."""
    by_day: dict[date, list[DayDocument]] = {}
    for document in documents:
        by_day.setdefault(document["date"].date(), []).append(document)
    return [
        (
            span.midnight(bucket.first),
            [
                document
                for n in range((bucket.last - bucket.first).days + 1)
                for document in by_day.get(bucket.first + timedelta(days=n), ())
            ],
        )
        for bucket in span.buckets(granularity)
    ]


_HOURS = 24


class Point(NamedTuple):
    """`timestamp` is when it begins; `documents` are of its days, or parts of one for an hour."""

    timestamp: str
    documents: list[DayDocument]


def points(
    documents: Iterable[DayDocument], span: Span, granularity: FunnelGranularity
) -> Iterator[Point]:
    """Every point of the range in order, those without documents as well.

    Weeks begin on Mondays, the first with the range. Of the hours, those that a clock change
    leaves out are left out; the one that it repeats is one.
    """
    if granularity == "hour":
        yield from _hours(documents, span)
    else:
        yield from (Point(*point) for point in buckets(span, granularity, documents))


def _hours(documents: Iterable[DayDocument], span: Span) -> Iterator[Point]:
    by_day = buckets(span, "day", documents)
    for bucket, (_, several) in zip(span.buckets("day"), by_day, strict=True):
        day = bucket.first
        for hour in range(_HOURS):
            if _exists(day, hour, span):
                yield Point(span.hour(day, hour), [_hour(each, hour) for each in several])


def _exists(day: date, hour: int, span: Span) -> bool:
    local = datetime.combine(day, time(hour), span.fleet_zone)
    return local.astimezone(UTC).astimezone(span.fleet_zone).hour == hour


def _hour(document: DayDocument, hour: int) -> DayDocument:
    """An hour's numbers in the form of a day; `currencies` null where its money is not known."""
    numbers = (document.get("hours") or {}).get(f"{hour:02d}", {})
    named = list(document.get("currencies") or {})
    if len(named) > 1 and numbers:
        return {**numbers, "currencies": None}
    return {**numbers, "currencies": {currency: numbers for currency in named[:1]}}
