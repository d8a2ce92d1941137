"""The quick way through the decoder: a run of messages of which none is anything special.

Nine messages in ten thousand are a tombstone, a dead letter, a stranger or a copy; the others need
no questions one by one. A run is taken whole or not at all; what is not taken goes the long way.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from confluent_kafka import Message
from pydantic import ValidationError

from daybook.engine.batch import Batch
from daybook.engine.decode.duplicate_window import DuplicateWindow, id_bytes
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.fields import Event
from daybook.engine.errors import Poison

RUN_MESSAGES = 100
"""Few enough that what is read of them is still at hand when it is let go."""


class FastPath:
    """`conditional`: the types of events of which more than the type is kept."""

    def __init__(
        self,
        validate: Callable[[Any], Event],
        key_of: Callable[[Event], str],
        value_bytes_max: int,
        calendar: Calendar,
        window: DuplicateWindow,
        conditional: frozenset[str],
    ) -> None:
        self._validate = validate
        self._key_of = key_of
        self._value_bytes_max = value_bytes_max
        self._calendar = calendar
        self._window = window
        self._conditional = conditional
        self._types: dict[str, Event] = {}

    def take(self, run: Sequence[Message], dead: Collection[int], batch: Batch) -> bool:
        """Adds the run's events to the batch, or changes nothing and returns False."""
        values: list[Any] = [message.value() for message in run]
        if None in values or any([message.headers() for message in run]):
            return False
        if max(map(len, values)) > self._value_bytes_max:
            return False
        offsets: list[Any] = [message.offset() for message in run]
        if dead and not set(dead).isdisjoint(offsets):
            return False
        appended_ms = [message.timestamp()[1] for message in run]
        try:
            events = list(map(self._validate, values))
            times = [event["occurred_at"] for event in events]
            day_hours = self._calendar.day_hours(times, appended_ms)
        except (ValidationError, Poison):
            return False
        keys = [key.encode() for key in map(self._key_of, events)]
        if keys != [message.key() for message in run]:
            return False
        ids = [id_bytes(event["event_id"]) for event in events]
        duplicates = self._window.seen_in_run(ids, offsets)
        kept = self._kept(events)
        batch.received += len(run)
        if duplicates:
            batch.note("duplicate", len(duplicates))
            for column in (offsets, times, day_hours, kept, appended_ms):
                column[:] = [each for i, each in enumerate(column) if i not in duplicates]
        batch.newest = max([batch.newest, *times])
        batch.offsets += offsets
        batch.day_hours += day_hours
        batch.events += kept
        batch.appended_ms += appended_ms
        return True

    def _kept(self, events: list[Event]) -> list[Event]:
        """Of each event its type alone, if nobody asks for more: the rest is let go at once."""
        types = [event["event_type"] for event in events]
        for event_type in set(types) - self._types.keys():
            self._types[event_type] = {"event_type": event_type}
        if self._conditional.isdisjoint(types):
            return list(map(self._types.__getitem__, types))
        return [
            event if event_type in self._conditional else self._types[event_type]
            for event_type, event in zip(types, events, strict=True)
        ]
