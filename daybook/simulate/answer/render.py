"""Turns the ledger's amounts into documents in their stored form."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from daybook.simulate.answer.keys import document_id
from daybook.simulate.answer.ledger import Amount, Document, Ledger, Path
from daybook.simulate.answer.shape import MONEY_MAPS, SHAPES

Line = dict[str, Any]
"""`collection`, `_id` and `fields`."""


def lines(ledger: Ledger) -> Iterator[Line]:
    """Every document with a nonzero amount, sorted by collection and `_id`."""
    documents: dict[Document, dict[Amount, int]] = defaultdict(dict)
    for amount, total in ledger.amounts.items():
        if total:
            documents[amount.document][amount] = total
    found = [
        {
            "collection": document.collection,
            "_id": document_id(*document.names, document.day),
            "fields": _fields(document.collection, amounts, ledger.display_names.get(document, {})),
        }
        for document, amounts in documents.items()
    ]
    yield from sorted(found, key=lambda line: (line["collection"], line["_id"]))


def _fields(
    collection: str, amounts: dict[Amount, int], display_names: dict[Path, str]
) -> dict[str, Any]:
    shape = SHAPES[collection]
    currencies = _currencies(collection, amounts)
    fields: dict[str, Any] = dict.fromkeys((*shape.counters, *shape.currency_counters), 0)
    fields |= {name: _at_the_top(name, currencies) for name in shape.money}
    fields |= {name: {} for name in shape.maps}
    fields["hours"] = {}
    for amount, total in amounts.items():
        if amount.currency is not None and (
            len(currencies) > 1 or amount.path[0] in shape.currency_counters
        ):
            continue
        if amount.path[0] not in shape.money:
            _add(fields, amount.path, total)
        if amount.hour:
            _add(fields["hours"], (amount.hour, *amount.path), total)
    for name, parts in MONEY_MAPS.get(collection, {}).items():
        for entry in fields[name].values() if parts else ():
            for part in parts:
                entry.setdefault(part, None if len(currencies) > 1 else 0)
    for (field, key, name), text in display_names.items():
        fields[field].setdefault(key, {})[name] = text
    fields["hours"] = dict(sorted(fields["hours"].items()))
    if shape.money:
        fields["currencies"] = currencies
    return fields


def _currencies(collection: str, amounts: dict[Amount, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for amount, total in amounts.items():
        if amount.currency is not None:
            shape = SHAPES[collection]
            empty: dict[str, Any] = dict.fromkeys((*shape.money, *shape.currency_counters), 0)
            empty |= {name: {} for name in MONEY_MAPS.get(collection, {})}
            _add(found.setdefault(amount.currency, empty), amount.path, total)
    return dict(sorted(found.items()))


def _at_the_top(name: str, currencies: dict[str, Any]) -> int | None:
    if len(currencies) > 1:
        return None
    return sum(int(amounts[name]) for amounts in currencies.values())


def _add(fields: dict[str, Any], path: tuple[str, ...], total: int) -> None:
    for name in path[:-1]:
        fields = fields.setdefault(name, {})
    fields[path[-1]] = fields.get(path[-1], 0) + total
