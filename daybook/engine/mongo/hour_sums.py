"""The hours of a change: their sums, what is worked out from them, and no zeros."""

from typing import Any

from bson import Decimal128, Int64

from daybook.engine.documents.change import Change
from daybook.engine.documents.fields import DailyDocument, Derived, Squares
from daybook.engine.mongo.derived import derived
from daybook.engine.mongo.expressions import Expression, cached, compiled

_NO_SQUARES = Decimal128("0")


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
