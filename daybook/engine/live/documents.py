"""Reads today's documents for their live totals: numbers and currencies, without maps and hours."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from daybook.engine.documents.change import Document
from daybook.engine.documents.fields import DailyDocument, currency_fields, scalar_fields
from daybook.engine.documents.live import Live, Totals
from daybook.engine.mongo.client import Documents, reachable

BATCH_SIZE = 500


class LiveDocuments:
    """Reads majority-committed documents in batches. Every method raises Unavailable."""

    def __init__(self, live: Live, documents: Documents) -> None:
        self._live = live
        self._documents = documents

    def read(self, touched: Collection[Document]) -> Iterator[list[Totals]]:
        """The totals of these documents, in batches; absent ones are left out."""
        for model in self._live.totals:
            ids = iter([document.id for document in touched if document.model is model])
            while chunk := list(islice(ids, BATCH_SIZE)):
                yield from self._find(model, {"_id": {"$in": chunk}})

    def of_day(self, day: date) -> Iterator[list[Totals]]:
        """The totals of every document of a day, in batches."""
        for model in self._live.totals:
            yield from self._find(model, {"date": datetime.combine(day, time.min, UTC)})

    def _find(self, model: type[DailyDocument], where: dict[str, Any]) -> Iterator[list[Totals]]:
        totals = self._live.totals[model]
        stages = [
            {"$match": where},
            {"$project": projection(model)},
            *self._live.stages.get(model, ()),
        ]
        aggregate = self._documents[model.collection].aggregate
        with reachable(), aggregate(stages, batchSize=BATCH_SIZE) as cursor:
            while batch := [totals(stored) for stored in islice(cursor, BATCH_SIZE)]:
                yield batch


def projection(model: type[DailyDocument]) -> dict[str, Any]:
    """The projection: without maps, which may have a thousand keys each."""
    names = [*model.key, "date", "updated_at", "_daybook.revision", *scalar_fields(model)]
    amounts = {name: f"$$this.v.{name}" for name in currency_fields(model)}
    currencies = {
        "$map": {
            "input": {"$objectToArray": {"$ifNull": ["$currencies", {}]}},
            "in": {"k": "$$this.k", "v": amounts},
        }
    }
    return dict.fromkeys(names, 1) | {"currencies": {"$arrayToObject": currencies}}
