"""From Kafka's messages to a batch: the way through is one list of questions, in this order."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.decode.duplicate_window import DuplicateWindow, id_bytes
from daybook.engine.decode.fast_path import RUN_MESSAGES, FastPath
from daybook.engine.decode.parse import EVENT_BYTES_MAX, Ignored, read
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.fields import conditional_event_types
from daybook.engine.errors import Poison
from daybook.engine.group import Group
from daybook.engine.partition import Partition

REPLAY_GROUP = "daybook-group"


class Decoder:
    """Reads one partition for one group.

    Tombstone, replay for another group, position already dead, unreadable, unknown type, wrong
    key, impossible time, duplicate: each has its outcome; what is left is counted. `dead` are
    the offsets recorded as dead letters before; `start` is the first offset to count, what
    stands below it is read only to rebuild the duplicate window.
    """

    def __init__(
        self,
        group: Group,
        partition: Partition,
        calendar: Calendar,
        window: DuplicateWindow,
        dead: dict[int, tuple[str, str]],
        start: int,
    ) -> None:
        self._group = group.name.encode()
        self._state = group.state
        self._is_counted_by_type = bool(group.documents) and not group.state
        self._source = next(s for s in group.sources if s.topic == partition.topic)
        self._partition = partition
        self._calendar = calendar
        self._window = window
        self._dead = dead
        self._start = start
        self._plain = FastPath(
            self._source.events.validator.validate_json,
            self._source.key_of,
            EVENT_BYTES_MAX,
            calendar,
            window,
            conditional_event_types(group.documents),
        )

    def decode(self, messages: Sequence[Message], next_offset: int) -> Batch:
        """A batch of the messages at or above `start`; raises nothing for what they contain."""
        batch = Batch(self._partition, next_offset)
        for begin in range(0, len(messages), RUN_MESSAGES):
            run = messages[begin : begin + RUN_MESSAGES]
            if self._may_be_plain(run) and self._plain.take(run, self._dead, batch):
                continue
            for message in run:
                try:
                    self._take(message, batch)
                except Poison as poison:
                    self._bury(message, poison, batch)
        return batch

    def _may_be_plain(self, run: Sequence[Message]) -> bool:
        return self._is_counted_by_type and (run[0].offset() or 0) >= self._start

    def _take(self, message: Message, batch: Batch) -> None:
        offset = message.offset() or 0
        counted = offset >= self._start
        batch.received += counted
        value = message.value()
        if value is None:
            return batch.note("tombstone", counted)
        headers = message.headers()
        if headers and not self._is_ours(headers):
            return batch.note("replay_for_another_group", counted)
        if offset in self._dead:
            raise Poison(*self._dead[offset])
        source = self._source
        try:
            event = read(source, value)
        except Ignored:
            return batch.note("ignored", counted)
        key = source.key_of(event)
        if message.key() != key.encode():
            raise Poison("wrong_key", "the message's key is not what the catalogue says")
        appended_ms = message.timestamp()[1]
        occurred_at = event["occurred_at"]
        day_hour = self._calendar.day_hour(occurred_at, appended_ms)
        event_id = id_bytes(event["event_id"])
        if not counted or not self._state:
            duplicate = self._window.check_and_add(event_id, offset)
            if duplicate or not counted:
                return batch.note("duplicate", counted)
        batch.newest = max(batch.newest, occurred_at)
        batch.offsets.append(offset)
        batch.day_hours.append(day_hour)
        batch.events.append(event)
        batch.appended_ms.append(appended_ms)
        if self._state:
            batch.keys.append(self._state.key_of(event, key))
            batch.ids.append(event_id)
            batch.raw.append((message.key(), value))
        return None

    def _is_ours(self, headers: Any) -> bool:
        names = dict(headers)
        return REPLAY_GROUP not in names or names[REPLAY_GROUP] == self._group

    def _bury(self, message: Message, poison: Poison, batch: Batch) -> None:
        offset = message.offset() or 0
        if offset >= self._start:
            letter = DeadLetter(
                offset, message.key(), message.value(), poison.reason, poison.detail
            )
            batch.dead.append(letter)
