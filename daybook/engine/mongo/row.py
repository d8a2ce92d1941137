"""A row as one atomic update: its values, and its watermark."""

from typing import Any

from bson import Int64

from daybook.engine.documents.change import Row
from daybook.engine.partition import Partition


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
