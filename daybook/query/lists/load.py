"""Reads a page of a list, in the order of its ids."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from daybook.query.figures.pagination import Pagination, render_id_cursor
from daybook.query.read.mongo import Document, Filter
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay


class Selection(NamedTuple):
    """What of a list is wanted: `name` is a part of a name or an id, `after` the last id before."""

    name: str | None
    size: int
    after: str | None

    def matching(self, *fields: str) -> Filter:
        """The filter for documents with the name in one of these fields, in any case."""
        if self.name is None:
            return {}
        pattern = {"$regex": re.escape(self.name), "$options": "i"}
        return {"$or": [{field: pattern} for field in fields]}


async def load_page(
    scope: Scope,
    collection: str,
    selection: Selection,
    filters: Sequence[Filter],
    *,
    is_descending: bool = False,
) -> list[Document]:
    """The documents of a page, by `_id`, and one more if there is one."""
    end, direction = ("$lt", -1) if is_descending else ("$gt", 1)
    conditions: list[Filter] = [{"_id": scope.beneath()}, *filters]
    if selection.after is not None:
        conditions.append({"_id": {end: scope.id(selection.after)}})
    return await scope.find(
        collection,
        {"$and": conditions},
        fields={"versions": False, "steps": False, "variants": False},
        order=[("_id", direction)],
        limit=selection.size + 1,
    )


async def load_events(scope: Scope, selection: Selection, status: str | None) -> list[Document]:
    """Ticketed events by id: the defined ones and, of any status, those that traffic or a paid
    order named."""
    after: Filter = {} if selection.after is None else {"event_id": {"$gt": selection.after}}
    limit = selection.size + 1
    chosen: Filter = {} if status is None else {"status": status}
    defined = await scope.find(
        "ticketed_events",
        {"$and": [{"_id": scope.beneath()}, after, chosen, selection.matching("event_id", "name")]},
        order=[("event_id", 1)],
        limit=limit,
    )
    if status is not None:
        return defined
    events: dict[str, Document] = {}
    for model in (EventMetricsDay, EventRevenueDay):
        seen = await scope.aggregate(
            model.collection,
            {"$and": [after, selection.matching("event_id")]},
            [{"$group": {"_id": "$event_id"}}, {"$sort": {"_id": 1}}, {"$limit": limit}],
        )
        events |= {row["_id"]: {"event_id": row["_id"]} for row in seen}
    # An event that traffic named and a definition has, is among `defined`, or beyond the page.
    events |= {event["event_id"]: event for event in defined}
    return [events[event_id] for event_id in sorted(events)][:limit]


def page_of(
    rows: Sequence[Document], key: str, selection: Selection
) -> tuple[Sequence[Document], Pagination]:
    """The rows of the page, and how it goes on; `key` is the field with the id."""
    page, has_more = rows[: selection.size], len(rows) > selection.size
    return page, Pagination(
        page=None,
        page_size=selection.size,
        has_more=has_more,
        next_cursor=render_id_cursor(page[-1][key]) if has_more else None,
    )
