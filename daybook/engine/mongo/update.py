"""A change as one atomic MongoDB update: sums, derived fields and the watermark."""

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
from daybook.engine.documents.rows import Row, Tail
from daybook.engine.mongo.derived import derive, derived
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled, plus
from daybook.engine.mongo.map_expressions import FULL
from daybook.engine.mongo.map_update import map_stages
from daybook.engine.partition import Partition

_ZERO = Int64(0)
_NO_SQUARES = Decimal128("0")


def guard(change: Change, partition: Partition) -> dict[str, Any]:
    """The update's filter: the document, if its watermark is below the change's first offset."""
    return {"_id": change.document.id, partition.watermark: {"$not": {"$gte": change.first}}}


def pipeline(
    change: Change,
    partition: Partition,
    *,
    stamp: int,
    keys_max: int,
    now_ms: int,
    growth: int | None = None,
    fills: bool = False,
) -> list[Stage]:
    """The update pipeline. `stamp` is the model version for which new documents are complete;
    `growth` is as for `map_stages`. With `fills`, the document takes no new keys after it."""
    model = change.document.model
    currencies = frozenset(amount.currency for amount in change.amounts if amount.currency)
    maps = map_stages(change, currencies, keys_max, growth)
    sums = _sums(change, currencies) | maps.sums | hours(change)
    if fills:
        sums[FULL] = True
    return [
        *maps.before,
        {"$set": _identity(change) | sums | _metadata(change, partition, stamp, now_ms)},
        *derive(model, currencies),
        *([{"$unset": maps.temporary}] if maps.temporary else []),
    ]


def _identity(change: Change) -> Stage:
    document = change.document
    parts = zip(document.model.key, document.key, strict=True)
    key = {name: {"$literal": part} for name, part in parts}
    return key | {"date": datetime.fromisoformat(f"{document.day}T00:00:00+00:00")}


def _metadata(change: Change, partition: Partition, stamp: int, now_ms: int) -> Stage:
    return {
        partition.watermark: Int64(change.last),
        partition.first: {"$ifNull": [f"${partition.first}", Int64(change.first)]},
        "_daybook.revision": _revision(now_ms),
        "_daybook.model": {"$ifNull": ["$_daybook.model", stamp]},
        "updated_at": "$$NOW",
    }


def _revision(now_ms: int) -> Expression:
    """One more, and at least the time: so a document restored from a copy and written again is
    newer than it ever was, also for Redis and for cached answers."""
    return {"$max": [{"$add": ["$_daybook.revision", 1]}, Int64(now_ms)]}


def _sums(change: Change, currencies: frozenset[str]) -> Stage:
    model = change.document.model
    totals: dict[tuple[str, str], int] = {}
    for amount, value in change.amounts.items():
        if amount.key is None:
            for path in _paths(model, amount.field, amount.currency):
                target = path, amount.field
                totals[target] = totals.get(target, 0) + value
    added = {path: _plus(path, value, model.fields[name]) for (path, name), value in totals.items()}
    return _initial_sums(model, currencies) | added


def _plus(path: str, value: int, field: Field) -> Expression:
    if isinstance(field, Squares):
        return {"$add": [{"$ifNull": [f"${path}", _NO_SQUARES]}, Decimal128(str(value))]}
    return plus(f"${path}", Int64(value))


@cached
def _initial_sums(model: type[DailyDocument], currencies: frozenset[str]) -> Stage:
    """Every counter, and every money field of the currencies: as stored, else 0."""
    stage: Stage = {}
    for name, field in model.fields.items():
        zero = _NO_SQUARES if isinstance(field, Squares) else _ZERO
        if isinstance(field, Counter | PerCurrency):
            stage[name] = compiled({"$ifNull": [f"${name}", zero]})
        if isinstance(field, Money | Squares | PerCurrency):
            for currency in sorted(currencies):
                path = f"currencies.{currency}.{name}"
                stage[path] = compiled({"$ifNull": [f"${path}", zero]})
    return stage


@cached
def _paths(model: type[DailyDocument], name: str, currency: str | None) -> tuple[str, ...]:
    in_currency = f"currencies.{currency}.{name}"
    match model.fields[name]:
        case Money() | Squares():
            return (in_currency,)
        case PerCurrency():
            return (name, in_currency)
        case _:
            return (name,)


def hours(change: Change) -> dict[str, Expression]:
    """One expression for all hours, with the values to add as literals beside the stored hours."""
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
    pairs = [
        {"was": f"$hours.{name}", "add": {"$literal": {"k": name, "v": hour}}}
        for name, hour in sums.items()
    ]
    with_sums = {"$map": {"input": pairs, "as": "h", "in": _hour(change.document.model, *names)}}
    return {"hours": {"$mergeObjects": ["$hours", {"$arrayToObject": with_sums}]}}


@cached
def _hour(model: type[DailyDocument], *names: str) -> Expression:
    total = {name: _total(model, name) for name in names}
    # Drops sums that became 0. Of the fields that this change does not touch, no sum is 0, and a
    # derived field may be.
    is_kept = {"$or": [{"$ne": ["$$this.v", 0]}, {"$not": {"$in": ["$$this.k", list(names)]}}]}
    entries = {"$objectToArray": {"$mergeObjects": ["$$h.was", total]}}
    sums = {"$arrayToObject": {"$filter": {"input": entries, "cond": is_kept}}}
    derived_fields = {
        name: derived(field, "$v.")
        for name, field in model.fields.items()
        if isinstance(field, Derived)
    }
    whole = {"$let": {"vars": {"v": sums}, "in": {"$mergeObjects": ["$$v", derived_fields]}}}
    return compiled({"k": "$$h.add.k", "v": whole if derived_fields else sums})


def _total(model: type[DailyDocument], name: str) -> Expression:
    zero = _NO_SQUARES if isinstance(model.fields[name], Squares) else 0
    terms = [f"$$h.was.{name}", f"$$h.add.v.{name}"]
    return {"$add": [{"$ifNull": [term, zero]} for term in terms]}


def row_pipeline(row: Row, partition: Partition, now_ms: int) -> list[dict[str, Any]]:
    """The update of a row: replaces its values, appends list items above the row's watermark.

    So a row may be written again from any batch boundary without repeating list items.
    """
    values: dict[str, Any] = {name: {"$literal": value} for name, value in row.values.items()}
    metadata = {
        partition.watermark: Int64(row.last),
        partition.first: {"$ifNull": [f"${partition.first}", Int64(row.last)]},
        "_daybook.revision": _revision(now_ms),
        "updated_at": "$$NOW",
    }
    if row.tail is None:
        return [{"$set": values | metadata}]
    return [{"$set": values | _tail(row.tail, partition) | metadata}, _truncated(row.tail)]


def _tail(tail: Tail, partition: Partition) -> dict[str, Any]:
    field, kept, bytes_max = tail.growth
    offered = [
        {"offset": Int64(offset), "bytes": size, "item": item}
        for offset, size, item in tail.offered()
    ]
    offsets = [Int64(offset) for offset, _ in tail.items]
    applied = {"$ifNull": [f"${partition.watermark}", Int64(-1)]}
    stored, total = {"$ifNull": [f"${field}", []]}, {"$ifNull": [f"${field}_total", Int64(0)]}
    was_applied = {"$lte": ["$$this.offset", "$$applied"]}
    before = {"$filter": {"input": "$$offered", "cond": was_applied}}
    names = {
        "applied": applied,
        "stored": stored,
        "offered": {"$literal": offered},
        "room": {"$subtract": [bytes_max, _sum(stored, {"$bsonSize": "$$this"})]},
    }
    fits = {"$lte": [{"$subtract": ["$$this.bytes", "$$before"]}, "$$room"]}
    new = {
        "$filter": {
            "input": "$$offered",
            "cond": {"$and": [{"$gt": ["$$this.offset", "$$applied"]}, fits]},
        }
    }
    added = {
        "$let": {
            "vars": {"before": {"$ifNull": [{"$max": _each(before, "$$this.bytes")}, 0]}},
            "in": {"$cond": [_is_whole(total, "$$stored"), _each(new, "$$this.item"), []]},
        }
    }
    list_now = {"$slice": [{"$concatArrays": ["$$stored", added]}, kept]}
    count = _sum({"$literal": offsets}, {"$cond": [{"$gt": ["$$this", applied]}, Int64(1), 0]})
    return {
        field: {"$let": {"vars": names, "in": list_now}},
        f"{field}_total": {"$add": [total, {"$toLong": count}]},
    }


def _is_whole(total: Expression, stored: Expression) -> Expression:
    """Whether every item so far found room."""
    return {"$eq": [total, {"$size": stored}]}


def _each(items: Expression, value: Expression) -> Expression:
    return {"$map": {"input": items, "in": value}}


def _sum(items: Expression, value: Expression) -> Expression:
    return {"$sum": _each(items, value)}


def _truncated(tail: Tail) -> Stage:
    field = tail.growth.field
    size = {"$toLong": {"$size": f"${field}"}}
    return {"$set": {"truncated": {"$subtract": [f"${field}_total", size]}}}
