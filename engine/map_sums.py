"""Sums by an open key, as expressions of MongoDB: who is let in, and the rest in `other`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bson import Int64

from engine.change import Amount, Change
from engine.document import Breakdown, CountMap, DailyDocument, Field, MoneyMap

Expression = Any
Stage = dict[str, Any]

OTHER = "other"
LET_IN = "_daybook.let_in"
_ALWAYS_LET_IN = frozenset({"unattributed", "direct", "exit"})
_ZERO = Int64(0)
_NO_NAME = object()
"""Where keys have no names at all; None is a name that is not known yet."""


class _Map(NamedTuple):
    """A map that an amount goes into; `gate` is the map whose keys decide who is let in.

    A breakdown's money stands in two maps, and both ask the one at the top.
    """

    gate: str
    path: str


Parts = dict[str | None, int]
"""What a key has: one number under None, or those of a breakdown by name."""


def admissions(change: Change, keys_max: int) -> list[Stage]:
    """A stage that works out, once a map, which new keys are let in while there is room."""
    asking: dict[str, set[str]] = {}
    for amount in change.amounts:
        if amount.key is not None and amount.key not in _ALWAYS_LET_IN:
            gate = _maps(change.document.model.fields[amount.field], amount)[0].gate
            asking.setdefault(gate, set()).add(amount.key)
    if not asking:
        return []
    return [{"$set": {_let_in(path): _admitted(path, k, keys_max) for path, k in asking.items()}}]


def map_sums(change: Change) -> Stage:
    """Adds to the keys that are let in; the rest adds up under `other`."""
    fields = change.document.model.fields
    sums: dict[_Map, dict[str, Parts]] = {}
    for amount, value in change.amounts.items():
        if amount.key is None:
            continue
        field = fields[amount.field]
        part = amount.part if isinstance(field, Breakdown) else None
        for each in _maps(field, amount) if amount.name is None else ():
            parts = sums.setdefault(each, {}).setdefault(amount.key, {})
            parts[part] = parts.get(part, 0) + value
        if isinstance(field, Breakdown):
            top = sums.setdefault(_Map(amount.field, amount.field), {})
            every: Parts = dict.fromkeys((*field.counts, *field.money), 0)
            top[amount.key] = every | top.get(amount.key, {})
    stage = {path: {"$ifNull": [f"${path}", {}]} for path in _empty(change, sums)}
    names = _names(change)
    for each, named in sums.items():
        stage |= _added(each, named, names.get(each.path, {}))
    return stage


def _names(change: Change) -> dict[str, dict[str, Expression]]:
    """By the path of each breakdown that is named, what its keys are called from now on."""
    names: dict[str, dict[str, Expression]] = {}
    for amount in sorted(change.amounts, key=lambda amount: amount.name or ""):
        field = change.document.model.fields[amount.field]
        if amount.key is not None and isinstance(field, Breakdown) and field.named:
            known = f"${amount.field}.{amount.key}.name"
            # Nulls do not count in $max, and texts compare by code point.
            greatest = {"$max": [known, {"$literal": amount.name}]}
            names.setdefault(amount.field, {OTHER: None})[amount.key] = greatest
    return names


def _maps(field: Field, amount: Amount) -> list[_Map]:
    name = amount.field
    beside_money = f"currencies.{amount.currency}.{name}"
    match field:
        case MoneyMap():
            return [_Map(beside_money, beside_money)]
        case CountMap():
            path = f"{name}.{amount.part}" if amount.part else name
            return [_Map(path, path)]
        case Breakdown() if amount.currency:
            return [_Map(name, name), _Map(name, beside_money)]
        case Breakdown():
            return [_Map(name, name)]
    raise TypeError(f"{name} is no map")


def _empty(change: Change, sums: Iterable[_Map]) -> Iterator[str]:
    """The maps that are there from the first write on and that this change does not add to."""
    touched = {each.path for each in sums}
    currencies = {amount.currency for amount in change.amounts if amount.currency}
    for path in _always_there(change.document.model, currencies):
        if not any(each == path or each.startswith(f"{path}.") for each in touched):
            yield path


def _always_there(model: type[DailyDocument], currencies: Iterable[str]) -> Iterator[str]:
    for name, field in model.fields.items():
        if isinstance(field, CountMap | Breakdown):
            yield name
        if isinstance(field, MoneyMap) or (isinstance(field, Breakdown) and field.money):
            yield from (f"currencies.{currency}.{name}" for currency in currencies)


def _admitted(path: str, asking: Iterable[str], keys_max: int) -> Expression:
    names = {"$map": {"input": {"$objectToArray": f"${path}"}, "in": "$$this.k"}}
    known = {"$setDifference": [{"$ifNull": [names, []]}, [OTHER]]}
    new = {"$filter": {"input": sorted(asking), "cond": {"$not": {"$in": ["$$this", "$$known"]}}}}
    room = {"$max": [0, {"$subtract": [keys_max, {"$size": "$$known"}]}]}
    every = {"$concatArrays": ["$$known", {"$slice": [new, room]}]}
    flags = {"$map": {"input": every, "in": {"k": "$$this", "v": True}}}
    return {"$let": {"vars": {"known": known}, "in": {"$arrayToObject": flags}}}


def _let_in(path: str) -> str:
    return f"{LET_IN}.{path.replace('.', '_')}"


def _added(to: _Map, named: dict[str, Parts], names: Mapping[str, Expression]) -> Stage:
    stage: Stage = {}
    refused: dict[str | None, list[Expression]] = {}
    turned_away: list[Expression] = []
    for key, parts in named.items():
        path = f"{to.path}.{key}"
        adds = {part: Int64(value) for part, value in parts.items()}
        total = _entry(path, adds, names.get(key, _NO_NAME))
        if key in _ALWAYS_LET_IN:
            stage[path] = total
            continue
        let_in = {"$ifNull": [f"${_let_in(to.gate)}.{key}", False]}
        stage[path] = {"$cond": [let_in, total, "$$REMOVE"]}
        turned_away.append({"$not": let_in})
        for part, value in parts.items():
            refused.setdefault(part, []).append({"$cond": [let_in, _ZERO, Int64(value)]})
    if turned_away:
        other = f"{to.path}.{OTHER}"
        sums = {part: {"$add": values} for part, values in refused.items()}
        untouched = {"$ifNull": [f"${other}", "$$REMOVE"]}
        grown = _entry(other, sums, names.get(OTHER, _NO_NAME))
        stage[other] = {"$cond": [{"$or": turned_away}, grown, untouched]}
    return stage


def _entry(path: str, adds: dict[str | None, Expression], name: Expression) -> Expression:
    """What stands at the path with these added: a number, or an object of numbers and a name."""
    if None in adds:
        return {"$add": [{"$ifNull": [f"${path}", _ZERO]}, adds[None]]}
    sums = {
        part: {"$add": [{"$ifNull": [f"${path}.{part}", _ZERO]}, value]}
        for part, value in adds.items()
    }
    called = {} if name is _NO_NAME else {"name": name}
    return {"$mergeObjects": [{"$ifNull": [f"${path}", {}]}, sums | called]}
