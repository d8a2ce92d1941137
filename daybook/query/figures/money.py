"""Amounts of several days, apart by currency: two of them are never added."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from daybook.query.figures import totals
from daybook.query.figures.totals import DayDocument


class Wanted(NamedTuple):
    """`asked` is told first whatever there is; else `preferred`, where there is any of it."""

    preferred: str | None = None
    asked: str | None = None


ANY = Wanted()


def main_currency(documents: Iterable[DayDocument], field: str, wanted: Wanted) -> str | None:
    """The currency that a report is told in: what is wanted, else the most frequent one.

    That is the one with an amount on most documents, by name where several are.
    """
    days = Counter(
        currency
        for document in documents
        for currency, amounts in currencies_of(document).items()
        if amounts.get(field)
    )
    return totals.main_currency(days, *wanted)


def others(documents: Iterable[DayDocument], field: str, main: str | None) -> list[str]:
    """The other currencies that have an amount, by name."""
    named = {
        currency
        for document in documents
        for currency, amounts in currencies_of(document).items()
        if amounts.get(field)
    }
    return sorted(named - {main})


def amount(documents: Iterable[DayDocument], field: str, currency: str | None) -> int | None:
    """The sum of a field in one currency; 0 where it has none.

    Null where an hour's share is not known: hours of a day with several currencies hold no money.
    """
    total = 0
    for document in documents:
        if document.get("currencies", {}) is None:
            return None
        total += int(currencies_of(document).get(currency or "", {}).get(field) or 0)
    return total


def known(documents: Iterable[DayDocument], field: str, currency: str | None) -> int:
    """The same, of whole days, of which it is always known."""
    return amount(documents, field, currency) or 0


def by_key(
    documents: Iterable[DayDocument], field: str, part: str, currency: str | None
) -> dict[str, int]:
    """{key: amount} of a map with money, in one currency; keys as they are stored."""
    found: Counter[str] = Counter()
    for document in documents:
        entries = currencies_of(document).get(currency or "", {}).get(field) or {}
        for key, parts in entries.items():
            found[key] += int(parts.get(part) or 0)
    return dict(found)


def currencies_of(document: DayDocument) -> Mapping[str, Mapping[str, Any]]:
    return document.get("currencies") or {}
