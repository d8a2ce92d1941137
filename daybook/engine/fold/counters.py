"""The fold of a group without state: counts events by type, day and hour."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from itertools import chain

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Counter, DailyDocument, Event, When

Watermarks = Mapping[Document, int]
"""By document, the last offset it has applied: effects at or below it are in it already."""


class CountingFold:
    """Counts by the fields that the documents declare, which it compiles once."""

    def __init__(self, documents: tuple[type[DailyDocument], ...], rules: Rules) -> None:
        self._rules = rules
        self._unconditional: dict[str, list[tuple[type[DailyDocument], str]]] = {}
        self._conditional: dict[str, list[tuple[type[DailyDocument], str, When]]] = {}
        for model in documents:
            for name, field in model.fields.items():
                if not isinstance(field, Counter) or field.event_type is None:
                    continue
                if field.when:
                    entry = model, name, field.when
                    self._conditional.setdefault(field.event_type, []).append(entry)
                else:
                    self._unconditional.setdefault(field.event_type, []).append((model, name))

    def fold(self, batch: Batch, above: Watermarks | None = None) -> dict[Document, Change]:
        """One change for each document; with `above`, only for its documents, and only the effects
        above each document's watermark.

        A change spans the whole batch, not just the messages that affect its document, because it
        contains everything the batch does to that document.
        """
        if above is not None:
            return self._fold_above(batch, above)
        changes: dict[Document, Change] = {}
        types = [event["event_type"] for event in batch.events]
        for (day_hour, event_type), times in Tally(
            zip(batch.day_hours, types, strict=True)
        ).items():
            for model, field in self._unconditional.get(event_type, ()):
                document = Document(model, (), day_hour.day)
                _change(changes, document, batch).add(Amount(day_hour.hour, field), times)
        if not self._conditional.keys().isdisjoint(types):
            for day_hour, event in zip(batch.day_hours, batch.events, strict=True):
                for document, amount in self._conditional_counts(day_hour, event):
                    _change(changes, document, batch).add(amount, 1)
        return changes

    def _fold_above(self, batch: Batch, above: Watermarks) -> dict[Document, Change]:
        changes: dict[Document, Change] = {}
        for offset, day_hour, event in zip(
            batch.offsets, batch.day_hours, batch.events, strict=True
        ):
            unconditional = (
                (Document(model, (), day_hour.day), Amount(day_hour.hour, field))
                for model, field in self._unconditional.get(event["event_type"], ())
            )
            conditional = self._conditional_counts(day_hour, event)
            for document, amount in chain(unconditional, conditional):
                if document in above and offset > above[document]:
                    change = _change(changes, document, batch)
                    change.first = max(change.first, above[document] + 1)
                    change.add(amount, 1)
        return changes

    def _conditional_counts(
        self, day_hour: DayHour, event: Event
    ) -> Iterator[tuple[Document, Amount]]:
        for model, field, when in self._conditional.get(event["event_type"], ()):
            if when(event, self._rules):
                yield Document(model, (), day_hour.day), Amount(day_hour.hour, field)


def _change(changes: dict[Document, Change], document: Document, batch: Batch) -> Change:
    change = changes.get(document)
    if change is None:
        change = changes[document] = Change(document, batch.offsets[0], batch.offsets[-1])
    return change
