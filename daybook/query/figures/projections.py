"""Projections and aggregation stages that read few fields, in a form that decodes quickly.

The driver creates an object for each int64, which takes twenty times as long as a double. Doubles
are exact up to 2^53, which no daily count approaches. Where only sums are needed, MongoDB adds the
int64 values itself.
"""

from collections.abc import Sequence

Projection = dict[str, object]
Stages = list[Projection]


def projection(fields: Sequence[str]) -> Projection:
    """These fields, unchanged."""
    return dict.fromkeys(fields, True)


def counts_of(fields: Sequence[str]) -> Projection:
    """Maps of counts, with the counts converted to doubles."""
    return {
        field: {"$arrayToObject": _map(field, {"k": "$$this.k", "v": {"$toDouble": "$$this.v"}})}
        for field in fields
    }


def sums_of(fields: Sequence[str], by: str) -> Stages:
    """The sums of these fields, in one row for each value of `by`."""
    sums = {field: {"$sum": f"${field}"} for field in fields}
    return [{"$group": {"_id": f"${by}", by: {"$first": f"${by}"}, **sums}}]


def amounts_of(fields: Sequence[str], by: str) -> Stages:
    """The sums of these fields of `currencies`, in one row for each value of `by` and currency.

    `documents`: in how many documents any of the fields is not 0.
    """
    used = [{"$ne": [{"$ifNull": [f"$entry.v.{field}", 0]}, 0]} for field in fields]
    is_used = {"$cond": [{"$or": used}, 1, 0]}
    sums = {field: {"$sum": f"$entry.v.{field}"} for field in fields}
    group = {"_id": {by: f"${by}", "currency": "$entry.k"}, "documents": {"$sum": is_used}}
    return [
        {"$project": {by: True, "entry": _entries("currencies")}},
        {"$unwind": "$entry"},
        {"$group": {**group, **sums}},
    ]


def sums_by_key(field: str, parts: Sequence[str]) -> Stages:
    """The sums of these parts of a breakdown, in one row for each key; the key is the `_id`."""
    return [
        {"$project": {"entry": _entries(field)}},
        {"$unwind": "$entry"},
        {"$group": {"_id": "$entry.k", **{part: {"$sum": f"$entry.v.{part}"} for part in parts}}},
    ]


def money_of(fields: Sequence[str]) -> Projection:
    """`currencies`, reduced to these fields of each currency, as stored."""
    entry = {"k": "$$this.k", "v": {field: f"$$this.v.{field}" for field in fields}}
    return {"currencies": {"$arrayToObject": _map("currencies", entry)}}


def _map(field: str, entry: object) -> Projection:
    return {"$map": {"input": _entries(field), "in": entry}}


def _entries(field: str) -> Projection:
    return {"$objectToArray": {"$ifNull": [f"${field}", {}]}}
