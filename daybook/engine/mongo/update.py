"""A change as one atomic update of MongoDB: sums, what is worked out from them, the watermark."""

from datetime import datetime
from typing import Any

from bson import Decimal128, Int64

from daybook.engine.documents.change import Change
from daybook.engine.documents.fields import (
    Counter,
    DailyDocument,
    Field,
    Money,
    PerCurrency,
    Squares,
)
from daybook.engine.mongo.derived import derive
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled, plus
from daybook.engine.mongo.hour_sums import hours
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
