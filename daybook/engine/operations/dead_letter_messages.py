"""Reads the original messages of dead letters from the dead-letter topic, else the source topic."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from daybook.engine.kafka.admin import Place, log_bounds, topic_ids
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.kafka.scan import scan
from daybook.engine.operations.dead_letter_records import DeadLetterRecord
from daybook.engine.protocol.stored_message import TRUNCATED
from daybook.engine.settings import Settings

_COORDINATES = ("daybook-group", "daybook-topic-id", "daybook-partition", "daybook-offset")


class OriginalMessage(NamedTuple):
    """A dead letter's record with its message, byte for byte.

    `cut`: only the beginning is left; then the headers of the copy say what the whole was.
    """

    record: DeadLetterRecord
    key: bytes | None
    value: bytes | None
    cut: dict[str, str] | None = None


def dead_letter_messages(
    settings: Settings, client: AdminClient, records: Iterable[DeadLetterRecord]
) -> Iterator[OriginalMessage]:
    """The original message of each record of one topic, once, in the order found.

    Of a copy that is cut, the source topic may still have the whole. Messages that are in neither
    topic any more are left out. Raises Unavailable.
    """
    wanted = {record.id: record for record in records}
    if not wanted:
        return
    topic = next(iter(wanted.values())).topic
    cut: dict[str, OriginalMessage] = {}
    for message in scan(settings, log_bounds(client, [f"{topic}.dlq"])):
        record = wanted.get(record_id(message))
        if record is None:
            continue
        found = dict(message.headers() or [])
        headers = {name: _text(value) for name, value in found.items()}
        if TRUNCATED in headers:
            cut[record.id] = OriginalMessage(record, message.key(), message.value(), headers)
            continue
        del wanted[record.id]
        yield OriginalMessage(record, message.key(), message.value())
        if not wanted:
            return
    for original in _from_log(settings, client, topic, wanted.values()):
        cut.pop(original.record.id, None)
        yield original
    yield from (cut[id] for id in cut if id in wanted)


def record_id(message: Message) -> str:
    """The id of the record to which a message of a dead-letter topic belongs, from its headers."""
    headers = dict(message.headers() or [])
    return ":".join(_text(headers.get(name)) for name in _COORDINATES)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _from_log(
    settings: Settings, client: AdminClient, topic: str, records: Iterable[DeadLetterRecord]
) -> Iterator[OriginalMessage]:
    """Messages of dead letters that a member recorded and did not produce before it died.

    The source topic has them, unless its retention removed them or it was deleted.
    """
    topic_id = topic_ids(client, [topic]).get(topic)
    bounds = log_bounds(client, [topic])
    for record in records:
        place: Place = topic, record.partition
        held = bounds.get(place, LogBounds(0, 0))
        if record.topic_id != topic_id or not held.low <= record.offset < held.high:
            continue
        for message in scan(settings, {place: LogBounds(record.offset, record.offset + 1)}):
            yield OriginalMessage(record, message.key(), message.value())
