"""The fold of a group without state: how many events of each type, a day and an hour."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from itertools import chain

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Counter, DailyDocument, Event, When

Above = Mapping[Document, int]
"""A document's watermark: effects caused at or below it are in the document already."""


class CountingFold:
    """Compiled once from the declarations on the documents' fields."""

    def __init__(self, documents: tuple[type[DailyDocument], ...], rules: Rules) -> None:
        self._rules = rules
        self._plain: dict[str, list[tuple[type[DailyDocument], str]]] = {}
        self._conditional: dict[str, list[tuple[type[DailyDocument], str, When]]] = {}
        for model in documents:
            for name, field in model.fields.items():
                if not isinstance(field, Counter) or field.event_type is None:
                    continue
                if field.when:
                    entry = model, name, field.when
                    self._conditional.setdefault(field.event_type, []).append(entry)
                else:
                    self._plain.setdefault(field.event_type, []).append((model, name))
        self._counted = self._plain.keys() | self._conditional.keys()

    def fold(self, batch: Batch, above: Above | None = None) -> dict[Document, Change]:
        """One change a document; with `above`, only those documents, past their watermarks.

        A change says the batch's bounds, not those of the messages that caused it: of what lies
        between, everything is in it.
        """
        if above is not None:
            return self._fold_above(batch, above)
        changes: dict[Document, Change] = {}
        types = [event["event_type"] for event in batch.events]
        for (day_hour, event_type), times in Tally(
            zip(batch.day_hours, types, strict=True)
        ).items():
            for model, field in self._plain.get(event_type, ()):
                document = Document(model, (), day_hour.day)
                _change(changes, document, batch).add(Amount(day_hour.hour, field), times)
        if not self._conditional.keys().isdisjoint(types):
            for day_hour, event in zip(batch.day_hours, batch.events, strict=True):
                for document, amount in self._chosen(day_hour, event):
                    _change(changes, document, batch).add(amount, 1)
        return changes

    def _fold_above(self, batch: Batch, above: Above) -> dict[Document, Change]:
        changes: dict[Document, Change] = {}
        for offset, day_hour, event in zip(
            batch.offsets, batch.day_hours, batch.events, strict=True
        ):
            plain = (
                (Document(model, (), day_hour.day), Amount(day_hour.hour, field))
                for model, field in self._plain.get(event["event_type"], ())
            )
            for document, amount in chain(plain, self._chosen(day_hour, event)):
                if document in above and offset > above[document]:
                    change = _change(changes, document, batch)
                    change.first = max(change.first, above[document] + 1)
                    change.add(amount, 1)
        return changes

    def _chosen(self, day_hour: DayHour, event: Event) -> Iterator[tuple[Document, Amount]]:
        for model, field, when in self._conditional.get(event["event_type"], ()):
            if when(event, self._rules):
                yield Document(model, (), day_hour.day), Amount(day_hour.hour, field)


def _change(changes: dict[Document, Change], document: Document, batch: Batch) -> Change:
    change = changes.get(document)
    if change is None:
        change = changes[document] = Change(document, batch.offsets[0], batch.offsets[-1])
    return change
