"""Totals of several days: counters are added up, derived numbers computed from the sums."""

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
    """Totals of days, or of an hour. Amounts, and counters per currency, are those of `currency`.

    Rates and averages are those of the sums, None if the divisor is 0. Averages are rounded half
    to even, as they are stored. What is kept per currency is None if it is unknown for an hour:
    hours of a day with several currencies have no amounts.
    """
    sums = _sums(model, documents, currency)
    return {name: _derive(model.fields[name], sums, name) for name in scalar_fields(model)}


def money(model: type[DailyDocument], documents: Sequence[DayDocument], currency: str) -> Numbers:
    """The totals that are kept per currency, in one currency."""
    numbers = totals(model, documents, currency)
    return {name: numbers[name] for name in currency_fields(model)}


def currencies(documents: Iterable[DayDocument], fields: Iterable[str]) -> dict[str, int]:
    """Every currency in the documents, with the number of days on which any field is not 0."""
    days: dict[str, int] = {}
    names = tuple(fields)
    for document in documents:
        for currency, amounts in (document.get("currencies") or {}).items():
            days[currency] = days.get(currency, 0) + any(amounts.get(name) for name in names)
    return days


def choose_currency(days: Mapping[str, int], preferred: P, requested: str | None) -> str | P:
    """The requested currency, else the preferred one if it has an amount, else the most frequent.

    `days`: on how many days each currency has an amount, or how much.
    """
    if requested is not None:
        return requested
    used = {currency: count for currency, count in days.items() if count}
    if preferred in used or not used:
        return preferred
    return min(used, key=lambda currency: (-used[currency], currency))


def _sums(
    model: type[DailyDocument], documents: Sequence[DayDocument], currency: str | None
) -> dict[str, int | None]:
    sums: dict[str, int | None] = {}
    are_known = all(document.get("currencies", {}) is not None for document in documents)
    for name, field in model.fields.items():
        if isinstance(field, Counter):
            sums[name] = sum(int(document.get(name) or 0) for document in documents)
        elif isinstance(field, Money | PerCurrency):
            amounts = [(day.get("currencies") or {}).get(currency, {}) for day in documents]
            sums[name] = sum(int(one.get(name) or 0) for one in amounts) if are_known else None
    for name, field in model.fields.items():
        if isinstance(field, Difference):
            minuend, subtrahend = sums[field.minuend], sums[field.subtrahend]
            if minuend is None or subtrahend is None:
                sums[name] = None
            else:
                sums[name] = minuend - subtrahend
    return sums


def _derive(field: Field, sums: Mapping[str, int | None], name: str) -> Number:
    match field:
        case Rate(numerator, denominator):
            part, whole = sums[numerator], sums[denominator]
            return part / whole if part is not None and whole else None
        case Average(total, number):
            part, whole = sums[total], sums[number]
            return _rounded(part, whole) if part is not None and whole else None
        case _:
            return sums[name]


def _rounded(total: int, number: int) -> int:
    """Rounded half to even, exact for integers of any size."""
    whole, rest = divmod(total, number)
    return whole + (2 * rest > number or (2 * rest == number and whole % 2 == 1))


def total(documents: Iterable[DayDocument], field: str) -> int:
    """The total of a counter; absent values are 0, as hours have them."""
    return sum(int(document.get(field) or 0) for document in documents)


def counts(documents: Iterable[DayDocument], field: str) -> dict[str, int]:
    """The totals of a map of counts, {key: count}."""
    sums: collections.Counter[str] = collections.Counter()
    for document in documents:
        for key, count in (document.get(field) or {}).items():
            sums[key] += int(count)
    return dict(sums)


def parts(documents: Iterable[DayDocument], field: str, part: str) -> dict[str, int]:
    """The totals of one part of a breakdown {key: {part: count}}, as {key: count}."""
    sums: collections.Counter[str] = collections.Counter()
    for document in documents:
        for key, numbers in (document.get(field) or {}).items():
            sums[key] += int(numbers.get(part) or 0)
    return dict(sums)


def by_step(documents: Iterable[DayDocument]) -> dict[str, list[DayDocument]]:
    """Documents of `analytics_funnel_step`, grouped by step."""
    steps: dict[str, list[DayDocument]] = {}
    for document in documents:
        steps.setdefault(document["step_id"], []).append(document)
    return steps
