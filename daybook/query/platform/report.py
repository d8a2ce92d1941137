"""The bodies of the daily families: a series of days, weeks or months, with totals."""

from collections.abc import Sequence
from typing import Any

from daybook.engine.documents.fields import DailyDocument
from daybook.query.figures.comparison import compared
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.series import series
from daybook.query.figures.totals import Document, Numbers, currencies, main_currency, money, totals
from daybook.query.platform.shares import parts
from models.revenue import RevenueDay

Body = dict[str, Any]


def family(
    model: type[DailyDocument],
    span: Span,
    granularity: Granularity,
    days: Sequence[Document],
    before: Sequence[Document] | None = None,
) -> Body:
    """Of a family without money. `before`: the days of the period before, to compare with."""
    own = totals(model, days)
    body: Body = {
        "period": span.period,
        "granularity": granularity,
        "totals": own,
        "over_time": [
            {"timestamp": at, **totals(model, some)} for at, some in series(span, granularity, days)
        ],
    }
    return body if before is None else body | compared(span, own, totals(model, before))


def revenue(
    span: Span,
    granularity: Granularity,
    days: Sequence[Document],
    before: Sequence[Document] | None,
    preferred: str,
    asked: str | None,
) -> Body:
    """Of `analytics_revenue`, in one currency; the others apart, in `by_currency`.

    `paid_orders` are those of the currency; `refunded_orders` and `duplicate_payments` are counted
    over all of them.
    """
    named = currencies(days, "gross_revenue_cents")
    currency = main_currency(named, preferred, asked)
    points = series(span, granularity, days)
    own = _with_rate(totals(RevenueDay, days, currency))
    body: Body = {
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": own,
        "over_time": [
            {"timestamp": at, **_with_rate(totals(RevenueDay, some, currency))}
            for at, some in points
        ],
        "by_community": parts(days, currency, "community"),
        "by_promotion": parts(days, currency, "promotion"),
        "by_currency": {
            other: {
                "totals": _with_rate(money(RevenueDay, days, other)),
                "over_time": [
                    {"timestamp": at, **_with_rate(money(RevenueDay, some, other))}
                    for at, some in points
                ],
            }
            for other in sorted(named)
            if other != currency
        },
    }
    if before is None:
        return body
    return body | compared(span, own, _with_rate(totals(RevenueDay, before, currency)))


def _with_rate(numbers: Numbers) -> Numbers:
    gross, refunded = numbers["gross_revenue_cents"], numbers["refunded_cents"]
    assert gross is not None and refunded is not None
    return {**numbers, "refund_rate": refunded / gross if gross else None}
