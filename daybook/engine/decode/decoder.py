"""Decodes Kafka messages into a batch by a fixed order of checks."""

from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Message

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.decode.duplicate_window import ID_BYTES, DuplicateWindow, own_id
from daybook.engine.decode.fast_path import RUN_MESSAGES, FastPath
from daybook.engine.decode.parse import EVENT_BYTES_MAX, Ignored, read
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.fields import Event, conditional_event_types
from daybook.engine.errors import NAMED, Poison
from daybook.engine.group import Group
from daybook.engine.partition import Partition

REPLAY_GROUP = "daybook-group"


class Decoder:
    """Decodes the messages of one partition for one group.

    The checks, in order: tombstone, replay for another group, recorded dead letter, unreadable,
    unknown type, wrong key, impossible time, duplicate. A message that passes all of them is
    counted. `dead` maps the offsets of recorded dead letters to reason and detail; `start` is the
    first offset to count: messages below it only rebuild the duplicate window. `try_conditions`
    raises if a counter's condition does (`daybook.engine.documents.fields.conditions`).
    """

    def __init__(
        self,
        group: Group,
        partition: Partition,
        calendar: Calendar,
        window: DuplicateWindow,
        dead: dict[int, tuple[str, str]],
        start: int,
        try_conditions: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._group = group.name.encode()
        self._state_model = group.state
        self._is_counted_by_type = bool(group.documents) and not group.state
        self._source = next(s for s in group.sources if s.topic == partition.topic)
        self._partition = partition
        self._calendar = calendar
        self._window = window
        self._dead = dead
        self._start = start
        self._try_conditions = try_conditions
        self._fast_path = FastPath(
            self._source.events.validator.validate_json,
            self._source.key_of,
            EVENT_BYTES_MAX,
            calendar,
            window,
            conditional_event_types(group.documents),
            try_conditions,
        )

    def decode(self, messages: Sequence[Message], next_offset: int) -> Batch:
        """A batch of the messages at or above `start`; no content of a message raises."""
        batch = Batch(self._partition, next_offset)
        for begin in range(0, len(messages), RUN_MESSAGES):
            run = messages[begin : begin + RUN_MESSAGES]
            if self._may_take_fast_path(run) and self._fast_path.add_run(run, self._dead, batch):
                continue
            for message in run:
                try:
                    self._add_message(message, batch)
                except NAMED:
                    raise
                except Exception as error:
                    self._add_dead_letter(message, error, batch)
        return batch

    def _may_take_fast_path(self, run: Sequence[Message]) -> bool:
        return self._is_counted_by_type and (run[0].offset() or 0) >= self._start

    def _add_message(self, message: Message, batch: Batch) -> None:
        offset = message.offset() or 0
        is_counted = offset >= self._start
        batch.received += is_counted
        value = message.value()
        if value is None:
            return batch.count_outcome("tombstone", is_counted)
        headers = message.headers()
        if headers and not self._is_for_this_group(headers):
            return batch.count_outcome("replay_for_another_group", is_counted)
        if offset in self._dead:
            raise Poison(*self._dead[offset])
        source = self._source
        try:
            event = read(source, value)
        except Ignored:
            return batch.count_outcome("ignored", is_counted)
        key = source.key_of(event)
        if message.key() != key.encode():
            raise Poison("wrong_key", "the message key is not the one that topics.yaml requires")
        appended_ms = message.timestamp()[1]
        occurred_at = event["occurred_at"]
        day_hour = self._calendar.day_hour(occurred_at, appended_ms)
        window_id = own_id(event)
        state_key = self._state_model.key_of(event, key) if self._state_model else key
        self._try_conditions(event)
        # From here on nothing depends on the event: a fault above leaves batch and window as is.
        if not is_counted or not self._state_model:
            is_duplicate = self._window.check_and_add(window_id, offset)
            if is_duplicate or not is_counted:
                return batch.count_outcome("duplicate", is_counted)
        batch.newest = max(batch.newest, occurred_at)
        batch.offsets.append(offset)
        batch.day_hours.append(day_hour)
        batch.events.append(event)
        batch.appended_ms.append(appended_ms)
        if self._state_model:
            batch.keys.append(state_key)
            batch.ids.append(window_id[:ID_BYTES])
        if not self._is_counted_by_type:
            batch.raw.append((message.key(), value))
        return None

    def _is_for_this_group(self, headers: Any) -> bool:
        values = dict(headers)
        return REPLAY_GROUP not in values or values[REPLAY_GROUP] == self._group

    def _add_dead_letter(self, message: Message, error: Exception, batch: Batch) -> None:
        offset = message.offset() or 0
        if offset >= self._start:
            batch.dead.append(DeadLetter.of(offset, message.key(), message.value(), error))
