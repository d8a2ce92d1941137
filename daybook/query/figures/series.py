"""Documents put together by day, week or month."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from daybook.query.figures.date_range import Granularity, Span

Document = Mapping[str, Any]


def series(
    span: Span, granularity: Granularity, documents: Iterable[Document]
) -> list[tuple[str, list[Document]]]:
    """Every bucket of the range in order: when it begins, and the documents of its days."""
    by_day: dict[date, list[Document]] = {}
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
