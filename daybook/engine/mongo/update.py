"""A change as one atomic update of MongoDB: sums, what is worked out from them, the watermark."""

from datetime import datetime
from typing import Any

from bson import Decimal128, Int64

from daybook.engine.documents.change import Change
from daybook.engine.documents.fields import (
    Counter,
    DailyDocument,
    Derived,
    Field,
    Money,
    PerCurrency,
    Squares,
)
from daybook.engine.documents.rows import Row
from daybook.engine.mongo.derived import derive, derived
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled, plus
from daybook.engine.mongo.map_update import map_stages
from daybook.engine.partition import Partition

_ZERO = Int64(0)
_NO_SQUARES = Decimal128("0")


def guard(change: Change, partition: Partition) -> dict[str, Any]:
    """The document, if nothing of the change is in it yet."""
    return {"_id": change.document.id, partition.watermark: {"$not": {"$gte": change.first}}}


def pipeline(
    change: Change, partition: Partition, *, stamp: int, keys_max: int, now_ms: int
) -> list[Stage]:
    """The update. `stamp` is the model version that new documents are complete for."""
    model = change.document.model
    currencies = frozenset(amount.currency for amount in change.amounts if amount.currency)
    maps = map_stages(change, currencies, keys_max)
    sums = _sums(change, currencies) | maps.sums | hours(change)
    return [
        *maps.before,
        {"$set": _identity(change) | sums | _marks(change, partition, stamp, now_ms)},
        *derive(model, currencies),
        *([{"$unset": maps.temporary}] if maps.temporary else []),
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


def _sums(change: Change, currencies: frozenset[str]) -> Stage:
    model = change.document.model
    totals: dict[tuple[str, str], int] = {}
    for amount, value in change.amounts.items():
        if amount.key is None:
            for path in _paths(model, amount.field, amount.currency):
                to = path, amount.field
                totals[to] = totals.get(to, 0) + value
    added = {path: _plus(path, value, model.fields[name]) for (path, name), value in totals.items()}
    return _always_there(model, currencies) | added


def _plus(path: str, value: int, field: Field) -> Expression:
    if isinstance(field, Squares):
        return {"$add": [{"$ifNull": [f"${path}", _NO_SQUARES]}, Decimal128(str(value))]}
    return plus(f"${path}", Int64(value))


@cached
def _always_there(model: type[DailyDocument], currencies: frozenset[str]) -> Stage:
    """Every counter, at least 0 from the first write; every money field of a currency, likewise."""
    stage: Stage = {}
    for name, field in model.fields.items():
        nothing = _NO_SQUARES if isinstance(field, Squares) else _ZERO
        if isinstance(field, Counter | PerCurrency):
            stage[name] = compiled({"$ifNull": [f"${name}", nothing]})
        if isinstance(field, Money | Squares | PerCurrency):
            for currency in sorted(currencies):
                path = f"currencies.{currency}.{name}"
                stage[path] = compiled({"$ifNull": [f"${path}", nothing]})
    return stage


@cached
def _paths(model: type[DailyDocument], name: str, currency: str | None) -> tuple[str, ...]:
    beside_money = f"currencies.{currency}.{name}"
    match model.fields[name]:
        case Money() | Squares():
            return (beside_money,)
        case PerCurrency():
            return (name, beside_money)
        case _:
            return (name,)


def hours(change: Change) -> dict[str, Expression]:
    """One expression for all hours: what is added stands in literals beside what they were."""
    fields = change.document.model.fields
    sums: dict[str, dict[str, Any]] = {}
    for amount, value in change.amounts.items():
        if amount.key is None:
            hour = sums.setdefault(amount.hour, {})
            hour[amount.field] = hour.get(amount.field, 0) + value
    if not sums:
        return {}
    names = dict.fromkeys(name for hour in sums.values() for name in hour)
    for hour in sums.values():
        for name, value in hour.items():
            is_square = isinstance(fields[name], Squares)
            hour[name] = Decimal128(str(value)) if is_square else Int64(value)
    each = [
        {"was": f"$hours.{name}", "add": {"$literal": {"k": name, "v": hour}}}
        for name, hour in sums.items()
    ]
    with_sums = {"$map": {"input": each, "as": "h", "in": _hour(change.document.model, *names)}}
    return {"hours": {"$mergeObjects": ["$hours", {"$arrayToObject": with_sums}]}}


@cached
def _hour(model: type[DailyDocument], *names: str) -> Expression:
    total = {name: _total(model, name) for name in names}
    # What is worked out may be 0, of fields that this change does not touch nothing is.
    is_kept = {"$or": [{"$ne": ["$$this.v", 0]}, {"$not": {"$in": ["$$this.k", list(names)]}}]}
    entries = {"$objectToArray": {"$mergeObjects": ["$$h.was", total]}}
    sums = {"$arrayToObject": {"$filter": {"input": entries, "cond": is_kept}}}
    worked_out = {
        name: derived(field, "$v.")
        for name, field in model.fields.items()
        if isinstance(field, Derived)
    }
    whole = {"$let": {"vars": {"v": sums}, "in": {"$mergeObjects": ["$$v", worked_out]}}}
    return compiled({"k": "$$h.add.k", "v": whole if worked_out else sums})


def _total(model: type[DailyDocument], name: str) -> Expression:
    nothing = _NO_SQUARES if isinstance(model.fields[name], Squares) else 0
    parts = [f"$$h.was.{name}", f"$$h.add.v.{name}"]
    return {"$add": [{"$ifNull": [part, nothing]} for part in parts]}


def row_pipeline(row: Row, partition: Partition, now_ms: int) -> list[dict[str, Any]]:
    """Replaces the values; adds to `tail` what is above the row's watermark.

    So a row may be written again from wherever a batch was cut, and its tail repeats nothing.
    """
    values: dict[str, Any] = {name: {"$literal": value} for name, value in row.values.items()}
    marks = {
        partition.watermark: Int64(row.last),
        partition.first: {"$ifNull": [f"${partition.first}", Int64(row.last)]},
        "_daybook.revision": {"$add": [{"$ifNull": ["$_daybook.revision", now_ms]}, 1]},
        "updated_at": "$$NOW",
    }
    if row.tail is not None:
        values |= _tail(row, partition)
    return [{"$set": values | marks}]


def _tail(row: Row, partition: Partition) -> dict[str, Any]:
    assert row.tail is not None
    field, items, kept = row.tail
    every = {"$literal": [{"offset": Int64(offset), "item": item} for offset, item in items]}
    applied = {"$ifNull": [f"${partition.watermark}", Int64(-1)]}
    new = {"$filter": {"input": every, "cond": {"$gt": ["$$this.offset", applied]}}}
    added = {"$map": {"input": new, "in": "$$this.item"}}
    stored, total = {"$ifNull": [f"${field}", []]}, {"$ifNull": [f"${field}_total", Int64(0)]}
    return {
        field: {"$slice": [{"$concatArrays": [stored, added]}, kept]},
        f"{field}_total": {"$add": [total, {"$toLong": {"$size": new}}]},
    }
