"""What is asked of stored documents: a few fields, in a form that is quick to read.

The driver makes an object of each int64, which takes twenty times as long as a double. Those are
exact up to 2^53, and no count of a day comes near it. What is only wanted in sum MongoDB adds up
by itself, as int64.
"""

from collections.abc import Sequence

Projection = dict[str, object]
Stages = list[Projection]


def projection(fields: Sequence[str]) -> Projection:
    """These fields as they are."""
    return dict.fromkeys(fields, True)


def counts_of(fields: Sequence[str]) -> Projection:
    """Maps of counts, with the counts as doubles."""
    return {
        field: {"$arrayToObject": _each(field, {"k": "$$this.k", "v": {"$toDouble": "$$this.v"}})}
        for field in fields
    }


def sums_of(fields: Sequence[str], by: str) -> Stages:
    """A row for each value of `by`."""
    sums = {field: {"$sum": f"${field}"} for field in fields}
    return [{"$group": {"_id": f"${by}", by: {"$first": f"${by}"}, **sums}}]


def sums_by_key(field: str, parts: Sequence[str]) -> Stages:
    """A row for each key of a breakdown, which is its `_id`."""
    return [
        {"$project": {"entry": _entries(field)}},
        {"$unwind": "$entry"},
        {"$group": {"_id": "$entry.k", **{part: {"$sum": f"$entry.v.{part}"} for part in parts}}},
    ]


def money_of(fields: Sequence[str]) -> Projection:
    """`currencies`, of which each keeps these fields, as they are stored."""
    kept = {"k": "$$this.k", "v": {field: f"$$this.v.{field}" for field in fields}}
    return {"currencies": {"$arrayToObject": _each("currencies", kept)}}


def _each(field: str, told: object) -> Projection:
    return {"$map": {"input": _entries(field), "in": told}}


def _entries(field: str) -> Projection:
    return {"$objectToArray": {"$ifNull": [f"${field}", {}]}}
