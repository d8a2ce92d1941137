"""Amounts of several days by currency; amounts of two currencies are never added."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from daybook.query.figures.totals import DayDocument, choose_currency, currencies


class CurrencyPreference(NamedTuple):
    """`requested` is a report's main currency in any case, `preferred` only if it has an amount."""

    preferred: str | None = None
    requested: str | None = None


ANY = CurrencyPreference()


def main_currency(
    documents: Iterable[DayDocument], fields: Iterable[str], preference: CurrencyPreference
) -> str | None:
    """The main currency of a report: the preferred one, else the most frequent one.

    That is the one with an amount in any of the fields in the most documents; ties are broken by
    name.
    """
    return choose_currency(currencies(documents, fields), *preference)


def others(documents: Iterable[DayDocument], fields: Iterable[str], main: str | None) -> list[str]:
    """The other currencies that have an amount in any of the fields, sorted by name."""
    used = {currency for currency, days in currencies(documents, fields).items() if days}
    return sorted(used - {main})


def amount(documents: Iterable[DayDocument], field: str, currency: str | None) -> int | None:
    """The sum of a field in one currency; 0 if it has no amount.

    None if it is unknown for an hour: hours of a day with several currencies have no amounts.
    """
    total = 0
    for document in documents:
        if document.get("currencies", {}) is None:
            return None
        total += int(currencies_of(document).get(currency or "", {}).get(field) or 0)
    return total


def day_amount(documents: Iterable[DayDocument], field: str, currency: str | None) -> int:
    """The same for whole days, whose amounts are always known."""
    return amount(documents, field, currency) or 0


def by_key(
    documents: Iterable[DayDocument], field: str, part: str, currency: str | None
) -> dict[str, int]:
    """{key: amount} of a map with amounts, in one currency; keys as stored."""
    amounts: Counter[str] = Counter()
    for document in documents:
        entries = currencies_of(document).get(currency or "", {}).get(field) or {}
        for key, parts in entries.items():
            amounts[key] += int(parts.get(part) or 0)
    return dict(amounts)


def currencies_of(document: DayDocument) -> Mapping[str, Mapping[str, Any]]:
    return document.get("currencies") or {}
