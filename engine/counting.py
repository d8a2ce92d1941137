"""The fold of a group without state: how many events of each type, a day and an hour."""

from collections import Counter as Tally
from collections.abc import Mapping

from engine.batch import Batch
from engine.change import Amount, Change, Document
from engine.document import Counter, DailyDocument, Event, When
from engine.rules import Rules
from engine.slots import Slot

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
        """One change a document, of the effects that are not in it already."""
        changes: dict[Document, Change] = {}
        types = [event["event_type"] for event in batch.events]
        if above is None and self._counted.issuperset(types):
            offsets, slots, events = batch.offsets, batch.slots, batch.events
        else:
            chosen = [i for i, kind in enumerate(types) if kind in self._counted]
            types = [types[i] for i in chosen]
            offsets = [batch.offsets[i] for i in chosen]
            slots = [batch.slots[i] for i in chosen]
            events = [batch.events[i] for i in chosen]
        if above is not None:
            return self._fold_above(offsets, slots, events, above)
        kinds = list(zip(slots, types, strict=True))
        last = dict(zip(kinds, offsets, strict=True))
        first = dict(zip(reversed(kinds), reversed(offsets), strict=True))
        for kind, times in Tally(kinds).items():
            slot, event_type = kind
            for model, field in self._plain.get(event_type, ()):
                _add(changes, model, slot, field, times, (first[kind], last[kind]))
        if not self._conditional.keys().isdisjoint(types):
            for offset, slot, event in zip(offsets, slots, events, strict=True):
                self._add_conditional(changes, offset, slot, event)
        return changes

    def _fold_above(
        self, offsets: list[int], slots: list[Slot], events: list[Event], above: Above
    ) -> dict[Document, Change]:
        changes: dict[Document, Change] = {}
        for offset, slot, event in zip(offsets, slots, events, strict=True):
            one: dict[Document, Change] = {}
            for model, field in self._plain.get(event["event_type"], ()):
                _add(one, model, slot, field, 1, (offset, offset))
            self._add_conditional(one, offset, slot, event)
            for document, change in one.items():
                if document not in above or offset <= above[document]:
                    continue
                merged = changes.setdefault(document, Change(document, offset, offset))
                merged.last = offset
                for amount, value in change.amounts.items():
                    merged.add(amount, value)
        return changes

    def _add_conditional(
        self, changes: dict[Document, Change], offset: int, slot: Slot, event: Event
    ) -> None:
        for model, field, when in self._conditional.get(event["event_type"], ()):
            if when(event, self._rules):
                _add(changes, model, slot, field, 1, (offset, offset))


def _add(
    changes: dict[Document, Change],
    model: type[DailyDocument],
    slot: Slot,
    field: str,
    times: int,
    span: tuple[int, int],
) -> None:
    document = Document(model, (), slot.day)
    change = changes.get(document)
    if change is None:
        change = changes[document] = Change(document, *span)
    change.first = min(change.first, span[0])
    change.last = max(change.last, span[1])
    change.add(Amount(slot.hour, field), times)
