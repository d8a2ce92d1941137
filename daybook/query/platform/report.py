"""The response bodies of the platform's reports: totals, and a series."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal
from urllib.parse import unquote

from daybook.engine.documents.fields import DailyDocument, currency_fields
from daybook.engine.documents.keys import RESERVED
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.rounding import percentages
from daybook.query.figures.series import points
from daybook.query.figures.totals import (
    DayDocument,
    Numbers,
    choose_currency,
    currencies,
    money,
    totals,
)
from models.revenue import RevenueDay

Body = dict[str, Any]


def series_body(
    model: type[DailyDocument],
    span: Span,
    granularity: Granularity,
    days: Sequence[DayDocument],
    before: Sequence[DayDocument] | None = None,
) -> Body:
    """A report without amounts. `before`: the days of the preceding period, for a comparison."""
    sums = totals(model, days)
    body: Body = {
        "period": span.period,
        "granularity": granularity,
        "totals": sums,
        "over_time": [
            {"timestamp": at, **totals(model, of_bucket)}
            for at, of_bucket in points(days, span, granularity)
        ],
    }
    return body if before is None else body | compare_totals(span, sums, totals(model, before))


def revenue_body(
    span: Span,
    granularity: Granularity,
    days: Sequence[DayDocument],
    before: Sequence[DayDocument] | None,
    preferred: str,
    requested: str | None,
) -> Body:
    """The report of `analytics_revenue` in one currency; the others are in `by_currency`.

    Their series has no hours: 180 currencies would have more of them than an answer can hold.

    `paid_orders` counts orders of that currency; `refunded_orders` and `duplicate_payments` count
    orders of all currencies.
    """
    amounts = currencies(days, currency_fields(RevenueDay))
    currency = choose_currency(amounts, preferred, requested)
    series = list(points(days, span, granularity))
    sums = _with_refund_rate(totals(RevenueDay, days, currency))
    body: Body = {
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": sums,
        "over_time": [
            {"timestamp": at, **_with_refund_rate(totals(RevenueDay, of_bucket, currency))}
            for at, of_bucket in series
        ],
        "by_community": split_by(days, currency, "community"),
        "by_promotion": split_by(days, currency, "promotion"),
        "by_currency": {
            other: {
                "totals": _with_refund_rate(money(RevenueDay, days, other)),
                "over_time": [
                    {"timestamp": at, **_with_refund_rate(money(RevenueDay, of_bucket, other))}
                    for at, of_bucket in (series if granularity != "hour" else ())
                ],
            }
            for other in sorted(amounts)
            if other != currency
        },
    }
    if before is None:
        return body
    return body | compare_totals(
        span, sums, _with_refund_rate(totals(RevenueDay, before, currency))
    )


def _with_refund_rate(numbers: Numbers) -> Numbers:
    gross, refunded = numbers["gross_revenue_cents"], numbers["refunded_cents"]
    refund_rate = refunded / gross if gross and refunded is not None else None
    return {**numbers, "refund_rate": refund_rate}


TOP = 20
_OTHER, _UNATTRIBUTED = "other", "unattributed"


def split_by(
    documents: Iterable[DayDocument], currency: str, dimension: Literal["community", "promotion"]
) -> list[dict[str, Any]]:
    """Rows that add up to the total, with percentages that add up to 100 (to two decimals).

    The 20 largest by revenue, then `other` and `unattributed` if they have any; these two have
    null as their id.
    """
    paid, refunded = Counter[str](), Counter[str]()
    for document in documents:
        amounts = (document.get("currencies") or {}).get(currency, {})
        paid.update(amounts.get(f"revenue_by_{dimension}") or {})
        refunded.update(amounts.get(f"refunded_by_{dimension}") or {})
    keys = sorted({*paid, *refunded} - {_OTHER, _UNATTRIBUTED}, key=lambda key: (-paid[key], key))
    top, remainder = keys[:TOP], [*keys[TOP:], _OTHER]
    rows: list[tuple[str | None, str, int, int]] = [
        (_name(key), "named", int(paid[key]), int(refunded[key])) for key in top
    ]
    rows.append((None, _OTHER, _sum(paid, remainder), _sum(refunded, remainder)))
    rows.append((None, _UNATTRIBUTED, int(paid[_UNATTRIBUTED]), int(refunded[_UNATTRIBUTED])))
    rows = [row for row in rows if row[1] == "named" or row[2] or row[3]]
    shares = percentages([row[2] for row in rows])
    return [
        {
            f"{dimension}_id": name,
            "kind": kind,
            "revenue_cents": revenue,
            "refunded_cents": refund,
            "percentage": share,
        }
        for (name, kind, revenue, refund), share in zip(rows, shares, strict=True)
    ]


def _sum(amounts: Counter[str], keys: Iterable[str]) -> int:
    return int(sum(amounts[key] for key in keys))


def _name(key: str) -> str:
    """The decoded id of a key; an id that equals a reserved key stays encoded."""
    text = unquote(key)
    return key if text in RESERVED else text
