"""The update stages that add a change to a document's maps.

The values to add are literals, and one expression handles all maps of the same shape: mongod parses
every update anew, and parsing one expression per key took longer than evaluating them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bson import Int64

from daybook.engine.documents.change import Change
from daybook.engine.documents.fields import Breakdown, CountMap, DailyDocument, MoneyMap
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled
from daybook.engine.mongo.map_expressions import (
    ALWAYS_ACCEPTED,
    EMPTY_BYTES,
    FULL,
    GROWN,
    OTHER,
    REFUSED,
    Shape,
    grown,
    is_full,
    refused,
)

FULL_BYTES = 1_000_000
"""A document that a change might make larger than this is full: its maps take no new keys.

What may still grow then fits into another megabyte: the reserved keys of each map in 180 currencies
(0.3 MB at most), the second amount of entries that have one (0.6 MB), hours and counters (0.1 MB).
So a document stays under 2 MB, whatever is counted.
"""
NEVER_REFUSED = frozenset(ALWAYS_ACCEPTED)
_NUMBER_BYTES_MIN = 6
"""The least BSON size of a map entry that is a number: type, empty key, NUL, int32."""
_NUMBER_BYTES = 10
"""The BSON size of an int64 besides its name: type, NUL, and eight bytes."""
_NAME_BYTES = 11
"""The BSON size of the empty text under `name`."""
_PARTS_BYTES_MIN = 14
"""The least BSON size of a map entry that is an object with one number."""

Parts = dict[str | None, int]
"""The values of one key: a single number under None, or a breakdown's numbers by name."""


class _Target(NamedTuple):
    """The maps that an amount goes to. `gate` is the map that decides which keys are accepted.

    A breakdown's money is in two maps, and the one at the top level is the gate of both. `blank`
    has the initial numbers of a breakdown's new key.
    """

    gate: str
    paths: tuple[str, ...]
    part: str | None
    blank: Parts | None
    named: bool


class _Fold(NamedTuple):
    """By path of a map: the values added to each key, the names of keys, the map's gate."""

    sums: dict[str, dict[str, Parts]]
    names: dict[str, dict[str, str | None]]
    gates: dict[str, str]


class MapStages(NamedTuple):
    """`before` computes the maps into `temporary` fields, from which `sums` sets them."""

    before: list[Stage]
    sums: Stage
    temporary: list[str]


def map_stages(
    change: Change, currencies: frozenset[str], keys_max: int, growth: int | None = None
) -> MapStages:
    """The stages that add the change to its maps: refused keys are added up in `other`.

    `keys_max` is the limit of keys in a map besides `other`. `growth`: the bytes that the change
    adds at most, if it is known which of its keys the document lacks.
    """
    fold = _fold(change)
    model = change.document.model
    touched = {path.rpartition(".")[0] for path in fold.sums} | fold.sums.keys()
    initial = _initial_maps(model, currencies)
    stage = {path: value for path, value in initial.items() if path not in touched}
    if not fold.sums:
        return MapStages([], stage, [])
    keys_by_gate = _keys_by_gate(fold)
    numbers = {gate: number for number, gate in enumerate(keys_by_gate)}
    shapes: dict[Shape, list[Stage]] = {}
    for path, by_key in fold.sums.items():
        shape, adds = _adds(by_key, fold.names.get(path))
        maps = shapes.setdefault(shape, [])
        more = {"i": str(len(maps)), "gate": numbers.get(fold.gates[path]), "add": adds}
        stage[path] = f"${GROWN}.{list(shapes).index(shape)}.{len(maps)}"
        maps.append(
            {
                "now": f"${path}",
                "was": [f"${path}.{key}" for key in by_key],
                "rest": f"${path}.{OTHER}",
                "more": {"$literal": more},
            }
        )
    growing = {f"{GROWN}.{i}": grown(shape, maps) for i, (shape, maps) in enumerate(shapes.items())}
    if not keys_by_gate and growth is None:
        return MapStages([{"$set": growing}], stage, [GROWN])
    gates = [_gate(gate, fold.sums[gate], keys, keys_max) for gate, keys in keys_by_gate.items()]
    added = _growth(fold, {}) if growth is None else growth
    full = {"$set": {FULL: is_full(FULL_BYTES - added)}}
    return MapStages(
        [full, {"$set": {REFUSED: refused(gates)}}, {"$set": growing}], stage, [REFUSED, GROWN]
    )


def growth(change: Change, stored: Mapping[str, Any]) -> int:
    """The bytes that the change adds to the maps of the stored document at most, as BSON."""
    return _growth(_fold(change), stored)


def _growth(fold: _Fold, stored: Mapping[str, Any]) -> int:
    total = 0
    for path, by_key in fold.sums.items():
        known = inside(stored, path)
        # A map of money is repeated at the top level while the document has one currency.
        times = 2 if path == fold.gates[path] and path.startswith("currencies.") else 1
        total += times * sum(
            _entry_bytes(k, parts) for k, parts in by_key.items() if k not in known
        )
    for names in fold.names.values():
        total += sum(_NAME_BYTES + len((name or "").encode()) for name in names.values())
    return total


def _entry_bytes(key: str, parts: Parts) -> int:
    if None in parts:
        return len(key.encode()) + _NUMBER_BYTES
    inner = sum(len(str(part)) + _NUMBER_BYTES for part in parts)
    return len(key.encode()) + 2 + EMPTY_BYTES + inner


def inside(stored: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The stored map at a path; empty if there is none."""
    found: Any = stored
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _fold(change: Change) -> _Fold:
    fold = _Fold({}, {}, {})
    model = change.document.model
    for amount, value in change.amounts.items():
        _, field, currency, key, part, name = amount
        if key is None:
            continue
        target = _target(model, field, currency, part)
        if target.blank is not None:
            top = fold.sums.setdefault(field, {})
            if key not in top:
                top[key] = target.blank.copy()
                fold.gates[field] = field
        if target.named:
            names = fold.names.setdefault(field, {})
            known = names.get(key)
            names[key] = max(known, name) if known and name else known or name
        if name is None:
            for path in target.paths:
                parts = fold.sums.setdefault(path, {}).setdefault(key, {})
                parts[target.part] = parts.get(target.part, 0) + value
                fold.gates[path] = target.gate
    return fold


@cached
def _target(
    model: type[DailyDocument], name: str, currency: str | None, part: str | None
) -> _Target:
    field = model.fields[name]
    in_currency = f"currencies.{currency}.{name}"
    match field:
        case MoneyMap():
            return _Target(in_currency, (in_currency,), None, None, False)
        case CountMap():
            path = f"{name}.{part}" if part else name
            return _Target(path, (path,), None, None, False)
        case Breakdown():
            paths = (name, in_currency) if currency else (name,)
            blank: Parts = dict.fromkeys((*field.counts, *field.money), 0)
            return _Target(name, paths, part, blank, field.named)
    raise TypeError(f"{name} is not a map")


@cached
def _initial_maps(model: type[DailyDocument], currencies: frozenset[str]) -> dict[str, Expression]:
    """The maps that exist from the first write on: as stored, else empty."""
    paths = []
    for name, field in model.fields.items():
        if isinstance(field, CountMap | Breakdown):
            paths.append(name)
        if isinstance(field, MoneyMap) or (isinstance(field, Breakdown) and field.money):
            paths += [f"currencies.{currency}.{name}" for currency in currencies]
    return {path: compiled({"$ifNull": [f"${path}", {}]}) for path in paths}


def _keys_by_gate(fold: _Fold) -> dict[str, list[str]]:
    """By gate, the keys that may be refused, in the order in which they are accepted."""
    keys_by_gate = {}
    for path, by_key in fold.sums.items():
        if fold.gates[path] == path and (keys := sorted(by_key.keys() - NEVER_REFUSED)):
            keys_by_gate[path] = keys
    return keys_by_gate


def _adds(
    by_key: dict[str, Parts], names: dict[str, str | None] | None
) -> tuple[Shape, list[dict[str, Any]]]:
    if all(None in parts for parts in by_key.values()):
        return Shape(), [{"k": key, "v": Int64(parts[None])} for key, parts in by_key.items()]
    all_parts = tuple(dict.fromkeys(str(part) for parts in by_key.values() for part in parts))
    sparse = any(len(parts) < len(all_parts) for parts in by_key.values())
    adds: list[dict[str, Any]] = [
        {"k": key, "v": {part: Int64(value) for part, value in parts.items()}}
        for key, parts in by_key.items()
    ]
    if names is not None:
        for add in adds:
            add["name"] = names.get(add["k"])
    return Shape(all_parts, names is not None, sparse), adds


def _gate(path: str, by_key: dict[str, Parts], keys: list[str], keys_max: int) -> Stage:
    has_numbers = None in next(iter(by_key.values()))
    entry_bytes = _NUMBER_BYTES_MIN if has_numbers else _PARTS_BYTES_MIN
    more = {
        "roomy": EMPTY_BYTES + entry_bytes * (keys_max - len(keys)),
        "max": keys_max,
        "asks": dict.fromkeys(keys, 1),
    }
    return {
        "now": f"${path}",
        "was": [f"${path}.{key}" for key in keys],
        "rest": f"${path}.{OTHER}",
        "more": {"$literal": more},
    }
