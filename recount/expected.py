"""The document that should be there: from the recount's sums to fields as they are stored."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Int64

from recount.model import Field, Model

OTHER = "other"
ALWAYS_NAMED = "unattributed"

Document = dict[str, Any]


def expected(model: Model, document_id: str, sums: Mapping[str, int]) -> Document:
    """Every field that the model explains, `hours` without zeros, the maps with all their keys.

    `fit_maps` makes of the maps what a document may hold of them.
    """
    tree = _tree(sums)
    hours = tree.get("hours", {})
    currencies = tree.get("currencies", {})
    document: Document = {"date": _date(document_id)}
    document |= {field.name: Int64(tree.get(field.name, 0)) for field in model.counters()}
    if not model.has_money:
        document |= _derived(model.derived(of_money=False), tree)
        document["hours"] = {h: _hour(model.derived(of_money=False), v) for h, v in hours.items()}
        return document
    document |= _derived(model.derived(of_money=False), document)
    document["currencies"] = {c: _currency(model, amounts) for c, amounts in currencies.items()}
    document |= mirror(model, list(document["currencies"].values()))
    dropped = {field.name for field in model.money()} if len(currencies) > 1 else set()
    fields = [field for field in model.fields.values() if field.is_derived]
    for hour, amounts in hours.items():
        entry = _hour(fields, amounts)
        document.setdefault("hours", {})[hour] = {
            name: value for name, value in entry.items() if name not in dropped
        }
    document.setdefault("hours", {})
    return document


def mirror(model: Model, currencies: list[Document]) -> Document:
    """The day's money: that of its only currency, null when there are more, nothing when none."""
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
            document[field.name] = Int64(amounts.get(field.name, 0))
    return document | _derived(model.derived(of_money=True), amounts)


def _hour(derived: Iterable[Field], amounts: Mapping[str, int]) -> Document:
    counted = {name: Int64(amount) for name, amount in amounts.items() if amount}
    return counted | _derived(derived, amounts)


def _derived(fields: Iterable[Field], sums: Mapping[str, Any]) -> Document:
    return {field.name: field.derive(sums) for field in fields}


def _tree(sums: Mapping[str, int]) -> dict[str, Any]:
    """Sums by path as nested dictionaries; encoded keys hold no dot."""
    tree: dict[str, Any] = {}
    for path, amount in sums.items():
        *above, name = path.split(".")
        branch = tree
        for part in above:
            branch = branch.setdefault(part, {})
        branch[name] = amount
    return tree


def _date(document_id: str) -> datetime | None:
    """Midnight UTC of the day that the `_id` ends with; None when it ends with no day."""
    try:
        return datetime.strptime(document_id[-10:], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def fit_map(full: Mapping[str, Int64], stored: object, keys_max: int) -> dict[str, Int64]:
    """What a map should hold, given the keys that the stored one has let in.

    Which keys are let in depends on the order of writes, which the log does not tell. While
    there is room for all, all must be there; else those named in the document are exact, and
    what is left adds up under `other`.
    """
    if len(full) <= keys_max:
        return dict(full)
    named = set(stored if isinstance(stored, Mapping) else ()) - {OTHER}
    named |= {ALWAYS_NAMED} & full.keys()
    named |= set(sorted(full.keys() - named)[: max(0, keys_max - len(named))])
    fitted = {key: full.get(key, Int64(0)) for key in named}
    fitted[OTHER] = Int64(sum(full.values()) - sum(fitted.values()))
    return fitted
