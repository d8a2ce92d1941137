"""Documents of today, read for what they show: numbers and currencies, without maps and hours."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from daybook.engine.documents.change import Document
from daybook.engine.documents.fields import DailyDocument, by_currency, shown
from daybook.engine.documents.live import Live, Totals
from daybook.engine.mongo.client import Documents, reachable

AT_ONCE = 500


class LiveDocuments:
    """Reads what a majority has, some documents at a time. Every method raises Unavailable."""

    def __init__(self, live: Live, documents: Documents) -> None:
        self._live = live
        self._documents = documents

    def read(self, touched: Collection[Document]) -> Iterator[list[Totals]]:
        """These documents, those that are there."""
        for model in self._live.totals:
            ids = iter([document.id for document in touched if document.model is model])
            while some := list(islice(ids, AT_ONCE)):
                yield from self._find(model, {"_id": {"$in": some}})

    def of_day(self, day: date) -> Iterator[list[Totals]]:
        """Every document of a day."""
        for model in self._live.totals:
            yield from self._find(model, {"date": datetime.combine(day, time.min, UTC)})

    def _find(self, model: type[DailyDocument], where: dict[str, Any]) -> Iterator[list[Totals]]:
        totals = self._live.totals[model]
        find = self._documents[model.collection].find
        with reachable(), find(where, projection(model), batch_size=AT_ONCE) as cursor:
            while some := [totals(stored) for stored in islice(cursor, AT_ONCE)]:
                yield some


def projection(model: type[DailyDocument]) -> dict[str, Any]:
    """A projection: maps of a thousand keys stay where they are."""
    names = [*model.key, "date", "updated_at", "_daybook.revision", *shown(model)]
    amounts = {name: f"$$this.v.{name}" for name in by_currency(model)}
    currencies = {
        "$map": {
            "input": {"$objectToArray": {"$ifNull": ["$currencies", {}]}},
            "in": {"k": "$$this.k", "v": amounts},
        }
    }
    return dict.fromkeys(names, 1) | {"currencies": {"$arrayToObject": currencies}}
