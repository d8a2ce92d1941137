"""Asks MongoDB for less at a time when an answer takes longer than the time limit."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from daybook.query.problem import TookTooLong
from daybook.query.read.mongo import ROWS_MAX, Document, Filter, Order
from daybook.query.read.scope import Join, Scope

T = TypeVar("T")

_DAY = timedelta(days=1)
_DAY_CHARS = len("2026-11-20")


async def read_page(
    read: Callable[[int], Awaitable[list[T]]], size: int, size_max: int
) -> tuple[list[T], int]:
    """The rows of a page and its size: twice `size`, or so much less that it is read in time.

    Raises TookTooLong for a page of one row that is not.
    """
    size = min(2 * size, size_max)
    while True:
        try:
            return await read(size), size
        except TookTooLong:
            if size == 1:
                raise
            size = max(1, size // 4)


class PatientScope(Scope):
    """A scope whose reads of a range of days, or of documents by `_id`, are cut in halves until
    each is answered in time.

    Every method raises TookTooLong for what cannot be cut, or takes too long even for a day or a
    document.
    """

    async def find(
        self,
        collection: str,
        where: Filter | None = None,
        *,
        fields: Sequence[str] | Mapping[str, Any] | None = None,
        order: Order = (),
        skip: int = 0,
        limit: int = ROWS_MAX + 1,
    ) -> list[Document]:
        """As `Scope.find`; documents of halves follow one another, as by `_id` or date."""
        try:
            return await Scope.find(
                self, collection, where, fields=fields, order=order, skip=skip, limit=limit
            )
        except TookTooLong:
            is_cut = bool(skip) or limit <= ROWS_MAX or order not in ((), [("_id", 1)])
            halves = None if is_cut else _halves(where or {})
            if halves is None:
                raise
        return [
            document
            for half in halves
            for document in await self.find(collection, half, fields=fields, order=order)
        ]

    async def aggregate(
        self,
        collection: str,
        where: Filter,
        stages: Sequence[Filter],
        join: Join | None = None,
    ) -> list[Document]:
        """As `Scope.aggregate`; sums of halves are added up."""
        try:
            return await Scope.aggregate(self, collection, where, stages, join)
        except TookTooLong:
            halves = _halves(where)
            if halves is None or not _is_sums(stages):
                raise
        first, second = [await self.aggregate(collection, half, stages, join) for half in halves]
        rows = {row["_id"]: row for row in first}
        for row in second:
            rows[row["_id"]] = _added(rows[row["_id"]], row) if row["_id"] in rows else row
        return list(rows.values())


def _halves(where: Filter) -> tuple[Filter, Filter] | None:
    """The filters of the first and second half of the days, or of the `_id`s; None for a single
    one, or for neither."""
    for name, bounds in where.items():
        if name == "_id" and isinstance(bounds, Mapping) and bounds.keys() == {"$in"}:
            ids = sorted(bounds["$in"])
            middle = len(ids) // 2
            if middle:
                return {**where, name: {"$in": ids[:middle]}}, {
                    **where,
                    name: {"$in": ids[middle:]},
                }
        if isinstance(bounds, Mapping) and bounds.keys() == {"$gte", "$lte"}:
            cut = _cut(bounds["$gte"], bounds["$lte"])
            if cut is not None:
                end, begin = cut
                first, second = dict(bounds) | {"$lte": end}, dict(bounds) | {"$gte": begin}
                return {**where, name: first}, {**where, name: second}
    return None


def _cut(first: Any, last: Any) -> tuple[Any, Any] | None:
    """The last value of the first half and the first of the second: dates, or ids with a day."""
    if isinstance(first, datetime) and isinstance(last, datetime):
        if first >= last:
            return None
        middle = first + (last - first) // _DAY // 2 * _DAY
        return middle, middle + _DAY
    if isinstance(first, str) and isinstance(last, str):
        prefix = first[:-_DAY_CHARS]
        begin, end = (date.fromisoformat(text[-_DAY_CHARS:]) for text in (first, last))
        if begin >= end or not last.startswith(prefix):
            return None
        day = begin + (end - begin) // 2
        return f"{prefix}{day}", f"{prefix}{day + _DAY}"
    return None


def _is_sums(stages: Sequence[Filter]) -> bool:
    """Whether the result is sums by `_id`; another field may repeat the `_id`."""
    last = stages[-1].get("$group", {}) if stages else {}
    return bool(last) and all(
        name == "_id" or bool({"$sum", "$first"} & set(value)) for name, value in last.items()
    )


def _added(one: Document, other: Document) -> Document:
    return {
        name: value if isinstance(value, str) or value is None else value + other[name]
        for name, value in one.items()
    }
