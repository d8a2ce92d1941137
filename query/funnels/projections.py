"""What is asked of stored documents: a few fields, in a form that is quick to read.

The driver makes an object of each int64, which takes twenty times as long as a double. Those are
exact up to 2^53, and no count of a day comes near it.
"""

from collections.abc import Sequence

Projection = dict[str, object]


def projection(fields: Sequence[str]) -> Projection:
    """These fields as they are."""
    return dict.fromkeys(fields, True)


def counts_of(fields: Sequence[str]) -> Projection:
    """Maps of counts, with the counts as doubles."""
    return {
        field: {"$arrayToObject": _each(field, {"k": "$$this.k", "v": {"$toDouble": "$$this.v"}})}
        for field in fields
    }


def rows_of(fields: Sequence[str], parts: Sequence[str]) -> Projection:
    """Breakdowns, as rows [key, one double for each part]."""
    numbers = [{"$toDouble": f"$$this.v.{part}"} for part in parts]
    return {field: _each(field, ["$$this.k", *numbers]) for field in fields}


def money_of(fields: Sequence[str]) -> Projection:
    """`currencies`, of which each keeps these fields, as they are stored."""
    kept = {"k": "$$this.k", "v": {field: f"$$this.v.{field}" for field in fields}}
    return {"currencies": {"$arrayToObject": _each("currencies", kept)}}


def _each(field: str, told: object) -> Projection:
    entries = {"$objectToArray": {"$ifNull": [f"${field}", {}]}}
    return {"$map": {"input": entries, "in": told}}
