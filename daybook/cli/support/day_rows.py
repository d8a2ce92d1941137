"""A day's document as lines of a table: counters as they are, rates as percentages, money."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from daybook.cli.support.money import in_words
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
    """What names a line (key, date, currency), and what it tells."""
    named = [*model.key, "date"]
    if _has_money(model):
        named.append("currency")
    return [_words(name) for name in named], [_words(name) for name in _shown_fields(model)]


def day_rows(model: type[DailyDocument], document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """One line, or one a currency; what belongs to the whole day stands in the first."""
    named = [*(str(document[name]) for name in model.key), f"{document['date']:%Y-%m-%d}"]
    if not _has_money(model):
        yield *named, *(_cell(model, name, document, None) for name in _shown_fields(model))
        return
    currencies = document.get("currencies") or {NOTHING: document}
    for number, (currency, amounts) in enumerate(sorted(currencies.items())):
        cells = []
        for name in _shown_fields(model):
            of_currency = is_money(model, name) or isinstance(model.fields[name], PerCurrency)
            if of_currency:
                cells.append(_cell(model, name, amounts, currency))
            else:
                cells.append("" if number else _cell(model, name, document, None))
        yield *named, currency, *cells


def maps(
    model: type[DailyDocument], document: Mapping[str, Any]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each map of money of each currency, what a breakdown has of it among them: its name, and its
    keys with their amounts, the greatest first."""
    for name, field in model.fields.items():
        parts = field.money if isinstance(field, Breakdown) else ()
        for currency, amounts in sorted(document.get("currencies", {}).items()):
            named = amounts.get(name, {})
            if isinstance(field, MoneyMap) and named:
                yield f"{_words(name)}, {currency}", _ordered(named, currency)
            for part in parts:
                if of_part := {k: entry[part] for k, entry in named.items() if entry.get(part)}:
                    heading = f"{_words(name)}: {_words(part)}, {currency}"
                    yield heading, _ordered(of_part, currency)


def _ordered(amounts: Mapping[str, int], currency: str) -> list[tuple[str, str]]:
    ordered = sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
    return [(_key(key), in_words(cents, currency)) for key, cents in ordered]


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
        return in_words(int(value), currency)
    return f"{value:,}"


def _key(stored: str) -> str:
    """As the user wrote it, unless that would look like one of our own."""
    written = unquote(stored)
    return stored if written in RESERVED and stored != written else written


def _words(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ")
