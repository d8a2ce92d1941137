"""A change as one atomic update of MongoDB: sums, what is worked out from them, the watermark."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bson import Int64

from engine.change import Amount, Change
from engine.document import (
    Average,
    Counter,
    DailyDocument,
    Derived,
    Difference,
    Field,
    Money,
    MoneyMap,
    PerCurrency,
    Rate,
    is_money,
)
from engine.partition import Partition

Expression = Any
Stage = dict[str, Any]

ZERO = Int64(0)
_ALWAYS_LET_IN = ("unattributed",)
_OTHER = "other"
_ONLY = "_daybook.only"
_LET_IN = "_daybook.let_in"
_CURRENCIES = {"$ifNull": ["$currencies", {}]}


def guard(change: Change, partition: Partition) -> dict[str, Any]:
    """The document, if nothing of the change is in it yet."""
    return {"_id": change.document.id, partition.watermark: {"$not": {"$gte": change.first}}}


def pipeline(
    change: Change, partition: Partition, *, stamp: int, keys_max: int, now_ms: int
) -> list[Stage]:
    """The update. `stamp` is the model version that new documents are complete for."""
    model = change.document.model
    admissions = _admissions(change, keys_max)
    return [
        *admissions,
        {"$set": _identity(change) | _sums(change) | _marks(change, partition, stamp, now_ms)},
        *_derive(model, change.amounts),
        *({"$unset": _LET_IN} for _ in admissions),
    ]


def _identity(change: Change) -> Stage:
    document = change.document
    parts = zip(document.model.key, document.key, strict=True)
    named = {name: {"$literal": part} for name, part in parts}
    return named | {"date": datetime.fromisoformat(f"{document.day}T00:00:00+00:00")}


def _marks(change: Change, partition: Partition, stamp: int, now_ms: int) -> Stage:
    return {
        partition.watermark: Int64(change.last),
        partition.first: {"$ifNull": [f"${partition.first}", Int64(change.first)]},
        "_daybook.revision": {"$add": [{"$ifNull": ["$_daybook.revision", Int64(now_ms)]}, 1]},
        "_daybook.model": {"$ifNull": ["$_daybook.model", stamp]},
        "updated_at": "$$NOW",
    }


def _plus(path: str, value: int) -> Expression:
    return {"$add": [{"$ifNull": [f"${path}", ZERO]}, Int64(value)]}


def _sums(change: Change) -> Stage:
    model = change.document.model
    totals: dict[str, int] = {}
    hours: dict[str, int] = {}
    maps: dict[str, dict[str, int]] = {}
    for name, path in _always_there(model, change.amounts):
        if isinstance(model.fields[name], MoneyMap):
            maps[path] = {}
        else:
            totals[path] = 0
    for amount, value in change.amounts.items():
        if amount.key is not None:
            named = maps[_map_path(amount)]
            named[amount.key] = named.get(amount.key, 0) + value
            continue
        for path in _paths(model.fields[amount.field], amount):
            totals[path] = totals.get(path, 0) + value
        hour = f"hours.{amount.hour}.{amount.field}"
        hours[hour] = hours.get(hour, 0) + value
    stage: Stage = {path: _plus(path, value) for path, value in totals.items()}
    for path, value in hours.items():
        total = _plus(path, value)
        stage[path] = {"$cond": [{"$eq": [total, 0]}, "$$REMOVE", total]}
    for path, named in maps.items():
        stage |= _map_sums(path, named)
    return stage


def _always_there(
    model: type[DailyDocument], amounts: Iterable[Amount]
) -> Iterable[tuple[str, str]]:
    """Every counter, at least 0 from the first write; every money field of a currency, likewise."""
    currencies = {amount.currency for amount in amounts if amount.currency}
    for name, field in model.fields.items():
        if isinstance(field, Counter | PerCurrency):
            yield name, name
        if isinstance(field, Money | MoneyMap | PerCurrency):
            for currency in currencies:
                yield name, f"currencies.{currency}.{name}"


def _paths(field: Field, amount: Amount) -> list[str]:
    beside_money = f"currencies.{amount.currency}.{amount.field}"
    match field:
        case Money():
            return [beside_money]
        case PerCurrency():
            return [amount.field, beside_money]
        case _:
            return [amount.field]


def _admissions(change: Change, keys_max: int) -> list[Stage]:
    """Works out, once a map, which new keys are let in while there is room, in one order."""
    asking: dict[str, set[str]] = {}
    for amount in change.amounts:
        if amount.key is not None and amount.key not in _ALWAYS_LET_IN:
            asking.setdefault(_map_path(amount), set()).add(amount.key)
    if not asking:
        return []
    return [{"$set": {_let_in(path): _admitted(path, k, keys_max) for path, k in asking.items()}}]


def _admitted(path: str, asking: Iterable[str], keys_max: int) -> Expression:
    names = {"$map": {"input": {"$objectToArray": f"${path}"}, "in": "$$this.k"}}
    known = {"$setDifference": [{"$ifNull": [names, []]}, [_OTHER]]}
    new = {"$filter": {"input": sorted(asking), "cond": {"$not": {"$in": ["$$this", "$$known"]}}}}
    room = {"$max": [0, {"$subtract": [keys_max, {"$size": "$$known"}]}]}
    every = {"$concatArrays": ["$$known", {"$slice": [new, room]}]}
    flags = {"$map": {"input": every, "in": {"k": "$$this", "v": True}}}
    return {"$let": {"vars": {"known": known}, "in": {"$arrayToObject": flags}}}


def _map_path(amount: Amount) -> str:
    return f"currencies.{amount.currency}.{amount.field}"


def _let_in(path: str) -> str:
    return f"{_LET_IN}.{path.replace('.', '_')}"


def _map_sums(path: str, named: dict[str, int]) -> Stage:
    """Adds to the keys that are let in; the rest adds up under `other`."""
    if not named:
        return {path: {"$ifNull": [f"${path}", {}]}}
    stage: Stage = {}
    refused: list[Expression] = [ZERO]
    for key, value in named.items():
        total = _plus(f"{path}.{key}", value)
        if key in _ALWAYS_LET_IN:
            stage[f"{path}.{key}"] = total
            continue
        let_in = {"$ifNull": [f"${_let_in(path)}.{key}", False]}
        stage[f"{path}.{key}"] = {"$cond": [let_in, total, "$$REMOVE"]}
        refused.append({"$cond": [let_in, ZERO, Int64(value)]})
    over = {"$add": refused}
    other = {"$add": [{"$ifNull": [f"${path}.{_OTHER}", ZERO]}, over]}
    untouched = {"$ifNull": [f"${path}.{_OTHER}", "$$REMOVE"]}
    stage[f"{path}.{_OTHER}"] = {"$cond": [{"$eq": [over, 0]}, untouched, other]}
    return stage


def _derive(model: type[DailyDocument], amounts: Iterable[Amount]) -> list[Stage]:
    hours = sorted({f"hours.{a.hour}." for a in amounts if a.key is None})
    if not any(is_money(model, name) for name in model.fields):
        stage = _derived_in(model, ["", *hours], money=False)
        return [{"$set": stage}] if stage else []
    currencies = sorted({f"currencies.{a.currency}." for a in amounts if a.currency})
    within = _derived_in(model, [*currencies, *hours], money=True)
    plain = _derived_in(model, ["", *hours], money=False)
    return [
        {"$set": within | plain},
        {"$set": {_ONLY: {"$objectToArray": _CURRENCIES}}},
        {"$set": _mirror(model) | {"hours": _hours(model), "currencies": _CURRENCIES}},
        {"$unset": _ONLY},
    ]


def _derived_in(model: type[DailyDocument], scopes: Iterable[str], *, money: bool) -> Stage:
    return {
        f"{scope}{name}": derived(field, scope)
        for scope in scopes
        for name, field in model.fields.items()
        if isinstance(field, Derived) and is_money(model, name) == money
    }


def derived(field: Derived, scope: str) -> Expression:
    """The expression of a derived field whose parts stand under `scope` ("" or "hours.07.")."""

    def part(name: str) -> Expression:
        return {"$ifNull": [f"${scope}{name}", ZERO]}

    match field:
        case Rate(numerator, denominator):
            ratio = {"$divide": [part(numerator), part(denominator)]}
            return _unless_zero(part(denominator), ratio)
        case Average(total, number):
            exact = {"$divide": [{"$toDecimal": part(total)}, part(number)]}
            return _unless_zero(part(number), {"$toLong": {"$round": [exact, 0]}})
        case Difference(minuend, subtrahend):
            return {"$subtract": [part(minuend), part(subtrahend)]}


def _unless_zero(divisor: Expression, quotient: Expression) -> Expression:
    return {"$cond": [{"$eq": [divisor, 0]}, None, quotient]}


def _mirror(model: type[DailyDocument]) -> Stage:
    """The money at the top: its only currency's, null when there are more, nothing when none."""
    return {
        name: {
            "$switch": {
                "branches": [
                    {"case": {"$eq": [{"$size": f"${_ONLY}"}, 0]}, "then": _nothing(field)},
                    {
                        "case": {"$eq": [{"$size": f"${_ONLY}"}, 1]},
                        "then": {"$first": f"${_ONLY}.v.{name}"},
                    },
                ],
                "default": None,
            }
        }
        for name, field in model.fields.items()
        if is_money(model, name)
    }


def _nothing(field: Field) -> Expression:
    match field:
        case MoneyMap():
            return {"$literal": {}}
        case Average() | Rate():
            return None
        case _:
            return ZERO


def _hours(model: type[DailyDocument]) -> Expression:
    """The hours as they are, or without money once the document has more than one currency."""
    names = [name for name in model.fields if is_money(model, name)]
    plain = {
        "$filter": {
            "input": {"$objectToArray": "$$hour.v"},
            "cond": {"$not": {"$in": ["$$this.k", names]}},
        }
    }
    each = {
        "$map": {
            "input": {"$objectToArray": "$hours"},
            "as": "hour",
            "in": {"k": "$$hour.k", "v": {"$arrayToObject": plain}},
        }
    }
    several = {"$gt": [{"$size": f"${_ONLY}"}, 1]}
    return {"$cond": [several, {"$arrayToObject": each}, {"$ifNull": ["$hours", "$$REMOVE"]}]}
