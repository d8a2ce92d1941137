"""A change as one atomic update of MongoDB: sums, what is worked out from them, the watermark."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bson import Decimal128, Int64

from engine.change import Amount, Change
from engine.document import (
    Average,
    Breakdown,
    Counter,
    DailyDocument,
    Derived,
    Difference,
    Field,
    Money,
    MoneyMap,
    PerCurrency,
    Rate,
    Squares,
    is_money,
)
from engine.map_sums import LET_IN, admissions, map_sums
from engine.partition import Partition

Expression = Any
Stage = dict[str, Any]

ZERO = Int64(0)
_NO_SQUARES = Decimal128("0")
_ONLY = "_daybook.only"
_CURRENCIES = {"$ifNull": ["$currencies", {}]}
_SEVERAL = {"$gt": [{"$size": f"${_ONLY}"}, 1]}


def guard(change: Change, partition: Partition) -> dict[str, Any]:
    """The document, if nothing of the change is in it yet."""
    return {"_id": change.document.id, partition.watermark: {"$not": {"$gte": change.first}}}


def pipeline(
    change: Change, partition: Partition, *, stamp: int, keys_max: int, now_ms: int
) -> list[Stage]:
    """The update. `stamp` is the model version that new documents are complete for."""
    model = change.document.model
    doors = admissions(change, keys_max)
    return [
        *doors,
        {"$set": _identity(change) | _sums(change) | _marks(change, partition, stamp, now_ms)},
        *_derive(model, change.amounts),
        *({"$unset": LET_IN} for _ in doors),
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


def _plus(path: str, value: int, field: Field) -> Expression:
    if isinstance(field, Squares):
        return {"$add": [{"$ifNull": [f"${path}", _NO_SQUARES]}, Decimal128(str(value))]}
    return {"$add": [{"$ifNull": [f"${path}", ZERO]}, Int64(value)]}


def _sums(change: Change) -> Stage:
    fields = change.document.model.fields
    names = {path: name for name, path in _always_there(change)}
    totals = dict.fromkeys(names, 0)
    hours: dict[tuple[str, str], int] = {}
    for amount, value in change.amounts.items():
        if amount.key is None:
            for path in _paths(fields[amount.field], amount):
                totals[path] += value
            hour = f"hours.{amount.hour}.{amount.field}", amount.field
            hours[hour] = hours.get(hour, 0) + value
    stage: Stage = {path: _plus(path, v, fields[names[path]]) for path, v in totals.items()}
    for (path, name), value in hours.items():
        total = _plus(path, value, fields[name])
        stage[path] = {"$cond": [{"$eq": [total, 0]}, "$$REMOVE", total]}
    return stage | map_sums(change)


def _always_there(change: Change) -> Iterator[tuple[str, str]]:
    """Every counter, at least 0 from the first write; every money field of a currency, likewise."""
    currencies = {amount.currency for amount in change.amounts if amount.currency}
    for name, field in change.document.model.fields.items():
        if isinstance(field, Counter | PerCurrency):
            yield name, name
        if isinstance(field, Money | Squares | PerCurrency):
            for currency in currencies:
                yield name, f"currencies.{currency}.{name}"


def _paths(field: Field, amount: Amount) -> list[str]:
    beside_money = f"currencies.{amount.currency}.{amount.field}"
    match field:
        case Money() | Squares():
            return [beside_money]
        case PerCurrency():
            return [amount.field, beside_money]
        case _:
            return [amount.field]


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
        {
            "$set": _mirror(model)
            | _without_money(model)
            | {"hours": _hours(model), "currencies": _CURRENCIES}
        },
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


def _without_money(model: type[DailyDocument]) -> Stage:
    """Breakdowns as they are, or with null for money once there is more than one currency."""
    stage: Stage = {}
    for name, field in model.fields.items():
        if isinstance(field, Breakdown) and field.money:
            nulls = {part: None for part in field.money}
            entry = {"k": "$$this.k", "v": {"$mergeObjects": ["$$this.v", nulls]}}
            each = {"$map": {"input": {"$objectToArray": f"${name}"}, "in": entry}}
            stage[name] = {"$cond": [_SEVERAL, {"$arrayToObject": each}, f"${name}"]}
    return stage


def _nothing(field: Field) -> Expression:
    match field:
        case MoneyMap():
            return {"$literal": {}}
        case Average() | Rate():
            return None
        case Squares():
            return _NO_SQUARES
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
    return {"$cond": [_SEVERAL, {"$arrayToObject": each}, {"$ifNull": ["$hours", "$$REMOVE"]}]}
