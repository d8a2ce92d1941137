"""Sums by an open key: what a change adds to each map, and the stages that add it.

What is added stands in literals, and one expression goes over all maps of a shape: mongod parses
every update anew, and parsing an expression for each key took it longer than working it out.
"""

from typing import Any, NamedTuple

from bson import Int64

from daybook.engine.documents.change import Change
from daybook.engine.documents.fields import Breakdown, CountMap, DailyDocument, MoneyMap
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled
from daybook.engine.mongo.map_expressions import (
    EMPTY_BYTES,
    GROWN,
    OTHER,
    REFUSED,
    Shape,
    grown,
    refused,
)

_ALWAYS_LET_IN = frozenset({"unattributed", "direct", "exit", OTHER})
_NUMBER_BYTES_MIN = 6
"""In BSON, of a number by key: its type, an empty key and the NUL after it, an int32."""
_PARTS_BYTES_MIN = 14
"""Likewise of an object that has one number."""

Parts = dict[str | None, int]
"""What a key has: one number under None, or those of a breakdown by name."""


class _Place(NamedTuple):
    """Where an amount goes. `gate` is the map whose keys decide who is let in.

    A breakdown's money stands in two maps, and both ask the one at the top. `blank` is what a
    breakdown's new key has there.
    """

    gate: str
    paths: tuple[str, ...]
    part: str | None
    blank: Parts | None
    named: bool


class _Fold(NamedTuple):
    """By path, what is added to each key; by path, what keys are called; by path, its gate."""

    sums: dict[str, dict[str, Parts]]
    names: dict[str, dict[str, str | None]]
    gates: dict[str, str]


class MapStages(NamedTuple):
    """`before` leaves under `temporary` what the maps are set to by `sums`."""

    before: list[Stage]
    sums: Stage
    temporary: list[str]


def map_stages(change: Change, currencies: frozenset[str], keys_max: int) -> MapStages:
    """Adds to the keys that are let in; the rest adds up under `other`."""
    fold = _fold(change)
    model = change.document.model
    touched = {path.rpartition(".")[0] for path in fold.sums} | fold.sums.keys()
    stage = {path: e for path, e in _always_there(model, currencies).items() if path not in touched}
    if not fold.sums:
        return MapStages([], stage, [])
    asking = _asking(fold)
    numbers = {gate: number for number, gate in enumerate(asking)}
    shapes: dict[Shape, list[Stage]] = {}
    for path, by_key in fold.sums.items():
        shape, adds = _adds(by_key, fold.names.get(path))
        several = shapes.setdefault(shape, [])
        more = {"i": str(len(several)), "gate": numbers.get(fold.gates[path]), "add": adds}
        stage[path] = f"${GROWN}.{list(shapes).index(shape)}.{len(several)}"
        several.append(
            {
                "now": f"${path}",
                "was": [f"${path}.{key}" for key in by_key],
                "rest": f"${path}.{OTHER}",
                "more": {"$literal": more},
            }
        )
    growing = {f"{GROWN}.{i}": grown(shape, maps) for i, (shape, maps) in enumerate(shapes.items())}
    if not asking:
        return MapStages([{"$set": growing}], stage, [GROWN])
    gates = [_gate(gate, fold.sums[gate], asks, keys_max) for gate, asks in asking.items()]
    return MapStages(
        [{"$set": {REFUSED: refused(gates)}}, {"$set": growing}], stage, [REFUSED, GROWN]
    )


def _fold(change: Change) -> _Fold:
    fold = _Fold({}, {}, {})
    model = change.document.model
    for amount, value in change.amounts.items():
        _, field, currency, key, part, name = amount
        if key is None:
            continue
        place = _place(model, field, currency, part)
        if place.blank is not None:
            top = fold.sums.setdefault(field, {})
            if key not in top:
                top[key] = place.blank.copy()
                fold.gates[field] = field
        if place.named:
            names = fold.names.setdefault(field, {})
            known = names.get(key)
            names[key] = max(known, name) if known and name else known or name
        if name is None:
            for path in place.paths:
                parts = fold.sums.setdefault(path, {}).setdefault(key, {})
                parts[place.part] = parts.get(place.part, 0) + value
                fold.gates[path] = place.gate
    return fold


@cached
def _place(model: type[DailyDocument], name: str, currency: str | None, part: str | None) -> _Place:
    field = model.fields[name]
    beside_money = f"currencies.{currency}.{name}"
    match field:
        case MoneyMap():
            return _Place(beside_money, (beside_money,), None, None, False)
        case CountMap():
            path = f"{name}.{part}" if part else name
            return _Place(path, (path,), None, None, False)
        case Breakdown():
            paths = (name, beside_money) if currency else (name,)
            blank: Parts = dict.fromkeys((*field.counts, *field.money), 0)
            return _Place(name, paths, part, blank, field.named)
    raise TypeError(f"{name} is no map")


@cached
def _always_there(model: type[DailyDocument], currencies: frozenset[str]) -> dict[str, Expression]:
    """The maps that are there from the first write on, as they are or empty."""
    paths = []
    for name, field in model.fields.items():
        if isinstance(field, CountMap | Breakdown):
            paths.append(name)
        if isinstance(field, MoneyMap) or (isinstance(field, Breakdown) and field.money):
            paths += [f"currencies.{currency}.{name}" for currency in currencies]
    return {path: compiled({"$ifNull": [f"${path}", {}]}) for path in paths}


def _asking(fold: _Fold) -> dict[str, list[str]]:
    """By gate, the keys that may have to be let in, in the order in which they are."""
    asking = {}
    for path, by_key in fold.sums.items():
        if fold.gates[path] == path and (asks := sorted(by_key.keys() - _ALWAYS_LET_IN)):
            asking[path] = asks
    return asking


def _adds(
    by_key: dict[str, Parts], names: dict[str, str | None] | None
) -> tuple[Shape, list[dict[str, Any]]]:
    if all(None in parts for parts in by_key.values()):
        return Shape(), [{"k": key, "v": Int64(parts[None])} for key, parts in by_key.items()]
    every = tuple(dict.fromkeys(str(part) for parts in by_key.values() for part in parts))
    sparse = any(len(parts) < len(every) for parts in by_key.values())
    adds: list[dict[str, Any]] = [
        {"k": key, "v": {part: Int64(value) for part, value in parts.items()}}
        for key, parts in by_key.items()
    ]
    if names is not None:
        for add in adds:
            add["name"] = names.get(add["k"])
    return Shape(every, names is not None, sparse), adds


def _gate(path: str, by_key: dict[str, Parts], asks: list[str], keys_max: int) -> Stage:
    of_numbers = None in next(iter(by_key.values()))
    entry_bytes = _NUMBER_BYTES_MIN if of_numbers else _PARTS_BYTES_MIN
    more = {
        "roomy": EMPTY_BYTES + entry_bytes * (keys_max - len(asks)),
        "max": keys_max,
        "asks": dict.fromkeys(asks, 1),
    }
    return {
        "now": f"${path}",
        "was": [f"${path}.{key}" for key in asks],
        "rest": f"${path}.{OTHER}",
        "more": {"$literal": more},
    }
