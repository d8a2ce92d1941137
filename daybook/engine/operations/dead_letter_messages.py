"""The messages behind dead letters, byte for byte: from the dead-letter topic, else the log."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from daybook.engine.kafka.admin import Place, log_bounds, topic_ids
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.kafka.scan import scan
from daybook.engine.operations.dead_letter_records import DeadLetterRecord
from daybook.engine.settings import Settings

_COORDINATES = ("daybook-group", "daybook-topic-id", "daybook-partition", "daybook-offset")


class Original(NamedTuple):
    letter: DeadLetterRecord
    key: bytes | None
    value: bytes | None


def dead_letter_messages(
    settings: Settings, client: AdminClient, letters: Iterable[DeadLetterRecord]
) -> Iterator[Original]:
    """The original of each letter, once, in the order found; those that nobody has are left out.

    Raises Unavailable.
    """
    wanted = {letter.id: letter for letter in letters}
    if not wanted:
        return
    topic = next(iter(wanted.values())).topic
    for message in scan(settings, log_bounds(client, [f"{topic}.dlq"])):
        letter = wanted.pop(coordinates(message), None)
        if letter is not None:
            yield Original(letter, message.key(), message.value())
        if not wanted:
            return
    yield from _from_log(settings, client, topic, wanted.values())


def coordinates(message: Message) -> str:
    """The id of the dead letter that a message of a dead-letter topic belongs to."""
    headers = dict(message.headers() or [])
    return ":".join(_text(headers.get(name)) for name in _COORDINATES)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _from_log(
    settings: Settings, client: AdminClient, topic: str, letters: Iterable[DeadLetterRecord]
) -> Iterator[Original]:
    """One died between recording a letter and producing it, and nobody came after: the log has it,
    unless its retention or its topic is over."""
    topic_id = topic_ids(client, [topic]).get(topic)
    bounds = log_bounds(client, [topic])
    for letter in letters:
        place: Place = topic, letter.partition
        here = bounds.get(place, LogBounds(0, 0))
        if letter.topic_id != topic_id or not here.low <= letter.offset < here.high:
            continue
        for message in scan(settings, {place: LogBounds(letter.offset, letter.offset + 1)}):
            yield Original(letter, message.key(), message.value())
