"""Publishes each event of the demo once: events that the log holds are not sent again.

A second run cannot rely on the groups' duplicate window, which is bounded; it reads the log.
"""

import json
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from time import monotonic

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from daybook.cli.demo.cdnow_events import ORDERS, USERS, Event
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import REQUEST_SECONDS, kafka_required, producer, reader
from daybook.engine.settings import Settings
from schemas.catalogue import topic_name

TOPICS = (USERS, ORDERS)
_MESSAGES_MAX = 10_000
_SILENCE_SECONDS_MAX = 30
_EVENTS_BETWEEN_REPORTS = 5_000

Progress = Callable[[int], None]
"""Called with the number of messages delivered so far."""


def missing(events: Iterable[Event], present: Collection[str]) -> list[Event]:
    """The events whose ids are not in `present`, in their order."""
    return [event for event in events if event.event_id not in present]


def ids_in_log(settings: Settings, topics: Collection[str], wanted: Collection[str]) -> set[str]:
    """Those of the wanted event ids that the topics' logs hold.

    Raises DaybookError for a missing topic and for a log whose start was deleted; Unavailable.
    """
    consumer = reader(settings)
    with closing(consumer), kafka_required():
        ends = _ends(consumer, list(map(topic_name, topics)))
        to_read = {partition: end for partition, end in ends.items() if end}
        return _read_ids(consumer, to_read, wanted)


def event_id(value: bytes | None) -> str | None:
    """The event id in a message of any kind; None if it has none."""
    try:
        id = json.loads(value or b"")["event_id"]
    except (ValueError, TypeError, KeyError):
        return None
    return id if isinstance(id, str) else None


def publish(settings: Settings, events: Iterable[Event], progress: Progress) -> None:
    """Returns when the brokers have stored every event durably. Raises Unavailable.

    If it is interrupted, the log holds some of the events, each complete.
    """
    producers = {topic: BulkProducer(producer(settings), topic_name(topic)) for topic in TOPICS}
    for number, event in enumerate(events, start=1):
        producers[event.topic].send(event.value, event.key.encode())
        if number % _EVENTS_BETWEEN_REPORTS == 0:
            _report(producers.values(), progress)
    for bulk in producers.values():
        bulk.finish()
    _report(producers.values(), progress)


def _report(producers: Collection[BulkProducer], progress: Progress) -> None:
    """Raises Unavailable as soon as one message has failed."""
    for bulk in producers:
        if bulk.failed:
            raise Unavailable(
                f"Kafka did not accept every message: {bulk.why}. Run `daybook demo` again to "
                "publish the missing ones"
            )
    progress(sum(bulk.delivered for bulk in producers))


def _ends(consumer: Consumer, topics: Collection[str]) -> dict[tuple[str, int], int]:
    """The end offset of each partition. Raises DaybookError if one lost its first message."""
    known = consumer.list_topics(timeout=REQUEST_SECONDS).topics
    ends = {}
    for topic in topics:
        if topic not in known:
            raise DaybookError(f"no topic {topic}: run `daybook topics apply`")
        for number in known[topic].partitions:
            start, end = consumer.get_watermark_offsets(
                TopicPartition(topic, number), timeout=REQUEST_SECONDS
            )
            if start:
                raise DaybookError(
                    f"{topic}, partition {number}, begins at offset {start}: earlier messages are "
                    "deleted, so the demo cannot know which events it has published. Use a "
                    "separate cluster and database for the demo"
                )
            ends[topic, number] = end
    return ends


def _read_ids(
    consumer: Consumer, ends: dict[tuple[str, int], int], wanted: Collection[str]
) -> set[str]:
    consumer.assign([TopicPartition(topic, number, 0) for topic, number in ends])
    unread = set(ends)
    ids: set[str] = set()
    received_at = monotonic()
    while unread:
        messages = consumer.consume(_MESSAGES_MAX, timeout=0.1)
        if any(message.error() is None for message in messages):
            received_at = monotonic()
        elif monotonic() - received_at > _SILENCE_SECONDS_MAX:
            raise Unavailable(f"Kafka sent nothing for {_SILENCE_SECONDS_MAX} s")
        for message in messages:
            partition = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                id = event_id(message.value())
                if id and id in wanted:
                    ids.add(id)
                if (message.offset() or 0) + 1 >= ends[partition]:
                    unread.discard(partition)
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(partition)
            elif not error.retriable():
                raise KafkaException(error)
    return ids
