"""Builds the document that should be stored, from the sums of the recount."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from bson import Decimal128, Int64

from daybook.recount.compare.maps import breakdown, breakdown_money, count_map
from daybook.recount.recounted import Document
from daybook.recount.replay.model import Field, Model


def expected_document(
    model: Model, document_id: str, sums: Mapping[str, int], lingering: Iterable[str] = ()
) -> Document:
    """Every field of the model: `hours` without zeros, maps with all their keys.

    `lingering`: currencies that the stored document still names although their sums are zero.
    """
    tree = _tree(sums)
    hours = tree.get("hours", {})
    currencies = tree.get("currencies", {})
    if model.is_measured:
        in_hours = {c for c, amounts in tree.get("named", {}).items() if not is_nothing(amounts)}
        currencies = {
            c: amounts
            for c, amounts in currencies.items()
            if c in in_hours or not is_nothing(amounts)
        }
        currencies |= {currency: {} for currency in lingering if currency not in currencies}
    document: Document = _key_fields(model, document_id) | {"date": _date(document_id)}
    document |= {field.name: Int64(tree.get(field.name, 0)) for field in model.counters()}
    for field in model.maps():
        sums_by_key = tree.get(field.name, {})
        has_counts_only = field.kind == "count_map"
        document[field.name] = (
            count_map(field, sums_by_key)
            if has_counts_only
            else breakdown(field, sums_by_key, currencies)
        )
    if not model.has_money:
        document |= _derived(model.derived(of_money=False), tree)
        document["hours"] = {h: _hour(model, v) for h, v in hours.items()}
        return document
    document |= _derived(model.derived(of_money=False), document)
    document["currencies"] = {c: _currency(model, amounts) for c, amounts in currencies.items()}
    document |= mirror(model, list(document["currencies"].values()))
    dropped = {field.name for field in model.money()} if len(currencies) > 1 else set()
    for hour, amounts in hours.items():
        entry = _hour(model, amounts)
        document.setdefault("hours", {})[hour] = {
            name: value for name, value in entry.items() if name not in dropped
        }
    document.setdefault("hours", {})
    return document


def mirror(model: Model, currencies: list[Document]) -> Document:
    """The day's money: that of its only currency, null if there are several, zeros if none."""
    if len(currencies) == 1:
        return {field.name: currencies[0][field.name] for field in model.money()}
    if currencies:
        return {field.name: None for field in model.money()}
    return {field.name: field.nothing for field in model.money()}


def _currency(model: Model, amounts: Mapping[str, Any]) -> Document:
    document: Document = {}
    for field in model.in_currency():
        if field.kind == "money_map":
            named = amounts.get(field.name, {})
            document[field.name] = {key: Int64(value) for key, value in named.items()}
        elif not field.is_derived:
            document[field.name] = field.amount(amounts.get(field.name, 0))
    for field in model.breakdowns():
        document[field.name] = breakdown_money(field, amounts.get(field.name, {}))
    return document | _derived(model.derived(of_money=True), amounts)


def _hour(model: Model, amounts: Mapping[str, int]) -> Document:
    counted = {name: model.fields[name].amount(n) for name, n in amounts.items() if n}
    derived = [field for field in model.fields.values() if field.is_derived]
    return counted | _derived(derived, amounts)


def _derived(fields: Iterable[Field], sums: Mapping[str, Any]) -> Document:
    return {field.name: field.derive(sums) for field in fields}


def is_nothing(value: object) -> bool:
    """Whether every number in it, however deep, is 0 or null."""
    if isinstance(value, Mapping):
        return all(map(is_nothing, value.values()))
    if isinstance(value, Decimal128):
        return value.to_decimal() == 0
    return value is None or value == 0


def _tree(sums: Mapping[str, int]) -> dict[str, Any]:
    """Sums by dotted path as nested dictionaries; encoded keys contain no dot."""
    tree: dict[str, Any] = {}
    for path, amount in sums.items():
        *above, name = path.split(".")
        branch = tree
        for part in above:
            branch = branch.setdefault(part, {})
        branch[name] = amount
    return tree


def _key_fields(model: Model, document_id: str) -> Document:
    """The fields of the document's key, decoded."""
    return dict(zip(model.key, map(unquote, document_id.split(":")[:-1]), strict=False))


def _date(document_id: str) -> datetime | None:
    """Midnight UTC of the day that the `_id` ends with; None if it does not end with a day."""
    try:
        return datetime.strptime(document_id[-10:], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
