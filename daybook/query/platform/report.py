"""The bodies of the daily families: a series of days, weeks or months, with totals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal
from urllib.parse import unquote

from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import RESERVED
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.rounding import percentages
from daybook.query.figures.series import buckets
from daybook.query.figures.totals import (
    DayDocument,
    Numbers,
    currencies,
    main_currency,
    money,
    totals,
)
from models.revenue import RevenueDay

Body = dict[str, Any]


def family(
    model: type[DailyDocument],
    span: Span,
    granularity: Granularity,
    days: Sequence[DayDocument],
    before: Sequence[DayDocument] | None = None,
) -> Body:
    """Of a family without money. `before`: the days of the period before, to compare with."""
    own = totals(model, days)
    body: Body = {
        "period": span.period,
        "granularity": granularity,
        "totals": own,
        "over_time": [
            {"timestamp": at, **totals(model, some)}
            for at, some in buckets(span, granularity, days)
        ],
    }
    return body if before is None else body | compare_totals(span, own, totals(model, before))


def revenue(
    span: Span,
    granularity: Granularity,
    days: Sequence[DayDocument],
    before: Sequence[DayDocument] | None,
    preferred: str,
    asked: str | None,
) -> Body:
    """Of `analytics_revenue`, in one currency; the others apart, in `by_currency`.

    `paid_orders` are those of the currency; `refunded_orders` and `duplicate_payments` are counted
    over all of them.
    """
    named = currencies(days, "gross_revenue_cents")
    currency = main_currency(named, preferred, asked)
    points = buckets(span, granularity, days)
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
    return body | compare_totals(span, own, _with_rate(totals(RevenueDay, before, currency)))


def _with_rate(numbers: Numbers) -> Numbers:
    gross, refunded = numbers["gross_revenue_cents"], numbers["refunded_cents"]
    assert gross is not None and refunded is not None
    return {**numbers, "refund_rate": refunded / gross if gross else None}


TOP = 20
_OTHER, _NOBODY = "other", "unattributed"


def parts(
    documents: Iterable[DayDocument], currency: str, what: Literal["community", "promotion"]
) -> list[dict[str, Any]]:
    """Rows that add up to the whole, their percentages to 100 (to two decimals).

    The greatest 20 by revenue, then `other` and `unattributed` if there is any of them: these two
    are no ids, and have null for one.
    """
    paid, refunded = Counter[str](), Counter[str]()
    for document in documents:
        amounts = (document.get("currencies") or {}).get(currency, {})
        paid.update(amounts.get(f"revenue_by_{what}") or {})
        refunded.update(amounts.get(f"refunded_by_{what}") or {})
    named = sorted({*paid, *refunded} - {_OTHER, _NOBODY}, key=lambda key: (-paid[key], key))
    top, beyond = named[:TOP], [*named[TOP:], _OTHER]
    rows: list[tuple[str | None, str, int, int]] = [
        (_name(key), "named", int(paid[key]), int(refunded[key])) for key in top
    ]
    rows.append((None, _OTHER, _sum(paid, beyond), _sum(refunded, beyond)))
    rows.append((None, _NOBODY, int(paid[_NOBODY]), int(refunded[_NOBODY])))
    rows = [row for row in rows if row[1] == "named" or row[2] or row[3]]
    shares = percentages([row[2] for row in rows])
    return [
        {
            f"{what}_id": name,
            "kind": kind,
            "revenue_cents": revenue,
            "refunded_cents": back,
            "percentage": share,
        }
        for (name, kind, revenue, back), share in zip(rows, shares, strict=True)
    ]


def _sum(amounts: Counter[str], keys: Iterable[str]) -> int:
    return int(sum(amounts[key] for key in keys))


def _name(key: str) -> str:
    """The id that a key was made of; one that equals a reserved word stays encoded."""
    text = unquote(key)
    return key if text in RESERVED else text
