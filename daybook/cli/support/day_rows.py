"""Formats a daily document as rows of a table: counters, rates as percentages, money."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from daybook.engine.currency import format_money
from daybook.engine.documents.fields import (
    Breakdown,
    DailyDocument,
    Map,
    MoneyMap,
    PerCurrency,
    Rate,
    is_money,
)
from daybook.engine.documents.keys import RESERVED

NOTHING = "-"


def headings(model: type[DailyDocument]) -> tuple[list[str], list[str]]:
    """The headings of the columns that identify a row (key, date, currency), and of the others."""
    identifying = [*model.key, "date"]
    if _has_money(model):
        identifying.append("currency")
    return [_words(name) for name in identifying], [_words(name) for name in _shown_fields(model)]


def day_rows(model: type[DailyDocument], document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """One row, or one per currency; values of the whole day stand in the first row."""
    identifying = [*(str(document[name]) for name in model.key), f"{document['date']:%Y-%m-%d}"]
    if not _has_money(model):
        yield *identifying, *(_cell(model, name, document, None) for name in _shown_fields(model))
        return
    currencies = document.get("currencies") or {NOTHING: document}
    for number, (currency, amounts) in enumerate(sorted(currencies.items())):
        cells = []
        for name in _shown_fields(model):
            is_per_currency = is_money(model, name) or isinstance(model.fields[name], PerCurrency)
            if is_per_currency:
                cells.append(_cell(model, name, amounts, currency))
            else:
                cells.append("" if number else _cell(model, name, document, None))
        yield *identifying, currency, *cells


def maps(
    model: type[DailyDocument], document: Mapping[str, Any]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each map of money, and each money field of a breakdown, by currency: a heading, and the keys
    with their amounts, largest first."""
    for name, field in model.fields.items():
        parts = field.money if isinstance(field, Breakdown) else ()
        for currency, amounts in sorted(document.get("currencies", {}).items()):
            entries = amounts.get(name, {})
            if isinstance(field, MoneyMap) and entries:
                yield f"{_words(name)}, {currency}", _ordered(entries, currency)
            for part in parts:
                sums = {key: entry[part] for key, entry in entries.items() if entry.get(part)}
                if sums:
                    heading = f"{_words(name)}: {_words(part)}, {currency}"
                    yield heading, _ordered(sums, currency)


def _ordered(amounts: Mapping[str, int], currency: str) -> list[tuple[str, str]]:
    ordered = sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
    return [(_key(key), format_money(cents, currency)) for key, cents in ordered]


def _shown_fields(model: type[DailyDocument]) -> list[str]:
    return [name for name, field in model.fields.items() if not isinstance(field, Map)]


def _has_money(model: type[DailyDocument]) -> bool:
    return any(is_money(model, name) for name in model.fields)


def _cell(
    model: type[DailyDocument], name: str, values: Mapping[str, Any], currency: str | None
) -> str:
    value = values.get(name)
    if value is None:
        return NOTHING
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(model.fields[name], Rate):
        return f"{value:.1%}"
    if is_money(model, name) and currency is not None:
        return format_money(int(value), currency)
    return f"{value:,}"


def _key(stored: str) -> str:
    """The key as the producer sent it, unless it would then look like a reserved one."""
    decoded = unquote(stored)
    return stored if decoded in RESERVED and stored != decoded else decoded


def _words(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ")
