"""Reads ranges of the log, outside any group."""

from collections.abc import Iterator, Mapping
from time import monotonic

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from daybook.engine.errors import Unavailable
from daybook.engine.kafka.admin import Place, kafka_errors
from daybook.engine.kafka.clients import reader
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.settings import Settings

_MESSAGES = 1_000
_POLL_SECONDS = 0.2
_SILENCE_SECONDS_MAX = 20


def scan(settings: Settings, ranges: Mapping[Place, LogBounds]) -> Iterator[Message]:
    """Every committed message in the ranges, each partition's in order.

    The log must hold the ranges. Raises Unavailable, also if an open transaction hides the rest of
    a range.
    """
    unread = {place: bounds for place, bounds in ranges.items() if bounds.low < bounds.high}
    if not unread:
        return
    consumer = reader(settings)
    try:
        consumer.assign([TopicPartition(*place, bounds.low) for place, bounds in unread.items()])
        last_message_at = monotonic()
        while unread:
            with kafka_errors("reading the log"):
                messages = consumer.consume(_MESSAGES, _POLL_SECONDS)
            for message in messages:
                last_message_at = monotonic()
                place = str(message.topic()), int(message.partition() or 0)
                offset = _offset(message)
                if place not in unread:
                    continue
                if message.error() is None and offset < unread[place].high:
                    yield message
                if offset + (message.error() is None) >= unread[place].high:
                    del unread[place]
            if monotonic() - last_message_at > _SILENCE_SECONDS_MAX:
                topic, number = min(unread)
                raise Unavailable(
                    f"{topic}[{number}] cannot be read up to offset {unread[topic, number].high}: "
                    "Kafka is slow, or a producer's transaction is still open"
                )
    finally:
        consumer.close()


def _offset(message: Message) -> int:
    """The message's offset, or the end of the partition if that is what it reports."""
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        with kafka_errors(f"reading {message.topic()}"):
            raise KafkaException(error)
    return message.offset() or 0
