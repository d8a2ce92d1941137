"""Numbers of several days in one: counters added up, what is worked out from them anew."""

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from daybook.engine.documents.fields import (
    Average,
    Counter,
    DailyDocument,
    Difference,
    Field,
    Money,
    PerCurrency,
    Rate,
    currency_fields,
    scalar_fields,
)

P = TypeVar("P", str, str | None)
Number = int | float | None
Numbers = dict[str, Number]
DayDocument = Mapping[str, Any]


def totals(
    model: type[DailyDocument], documents: Sequence[DayDocument], currency: str | None = None
) -> Numbers:
    """Of whole days. Money, and what is counted beside it, is that of the currency.

    Rates and averages are those of the sums, null when there is nothing to divide by; an average
    is rounded half to even, as it is stored.
    """
    sums = _sums(model, documents, currency)
    return {name: _worked_out(model.fields[name], sums, name) for name in scalar_fields(model)}


def money(model: type[DailyDocument], documents: Sequence[DayDocument], currency: str) -> Numbers:
    """Those of the numbers that stand in each currency."""
    found = totals(model, documents, currency)
    return {name: found[name] for name in currency_fields(model)}


def currencies(documents: Iterable[DayDocument], field: str) -> dict[str, int]:
    """Every currency that was ever named, with the days on which the field is not 0 in it."""
    found: dict[str, int] = {}
    for document in documents:
        for currency, amounts in (document.get("currencies") or {}).items():
            found[currency] = found.get(currency, 0) + bool(amounts.get(field))
    return found


def main_currency(days: Mapping[str, int], preferred: P, asked: str | None) -> str | P:
    """The one that is told first: asked for, else preferred if it is there, else the most usual.

    `days`: on how many, or for how much, each currency has an amount.
    """
    if asked is not None:
        return asked
    used = {currency: count for currency, count in days.items() if count}
    if preferred in used or not used:
        return preferred
    return min(used, key=lambda currency: (-used[currency], currency))


def _sums(
    model: type[DailyDocument], documents: Sequence[DayDocument], currency: str | None
) -> dict[str, int]:
    found = {}
    for name, field in model.fields.items():
        if isinstance(field, Counter):
            found[name] = sum(int(each.get(name) or 0) for each in documents)
        elif isinstance(field, Money | PerCurrency):
            amounts = [(each.get("currencies") or {}).get(currency, {}) for each in documents]
            found[name] = sum(int(each.get(name) or 0) for each in amounts)
    for name, field in model.fields.items():
        if isinstance(field, Difference):
            found[name] = found[field.minuend] - found[field.subtrahend]
    return found


def _worked_out(field: Field, sums: Mapping[str, int], name: str) -> Number:
    match field:
        case Rate(numerator, denominator):
            return sums[numerator] / sums[denominator] if sums[denominator] else None
        case Average(total, number):
            return _rounded(sums[total], sums[number]) if sums[number] else None
        case _:
            return sums[name]


def _rounded(total: int, number: int) -> int:
    """Half to even, exactly, however large."""
    whole, rest = divmod(total, number)
    return whole + (2 * rest > number or (2 * rest == number and whole % 2 == 1))


def total(documents: Iterable[DayDocument], field: str) -> int:
    """Of a counter; what is absent is 0, as it is in hours."""
    return sum(int(document.get(field) or 0) for document in documents)


def counts(documents: Iterable[DayDocument], field: str) -> dict[str, int]:
    """Of a map of counts {key: count}."""
    found: collections.Counter[str] = collections.Counter()
    for document in documents:
        for key, count in (document.get(field) or {}).items():
            found[key] += int(count)
    return dict(found)


def parts(documents: Iterable[DayDocument], field: str, part: str) -> dict[str, int]:
    """Of one number of a breakdown: {key: {part: count}}."""
    found: collections.Counter[str] = collections.Counter()
    for document in documents:
        for key, numbers in (document.get(field) or {}).items():
            found[key] += int(numbers.get(part) or 0)
    return dict(found)


def by_step(documents: Iterable[DayDocument]) -> dict[str, list[DayDocument]]:
    """Documents of `analytics_funnel_step`, by step."""
    found: dict[str, list[DayDocument]] = {}
    for document in documents:
        found.setdefault(document["step_id"], []).append(document)
    return found
