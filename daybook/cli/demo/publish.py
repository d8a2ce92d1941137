"""Publishes the demo's events once: what the log holds already, it does not get again.

A group remembers event ids for a bounded stretch of the log only, so a second run must not lean on
that: it asks the log itself.
"""

import json
from collections.abc import Callable, Collection, Iterable
from time import monotonic

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from daybook.cli.demo.cdnow_events import ORDERS, USERS, Event
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import REQUEST_SECONDS, producer, reader
from daybook.engine.settings import Settings
from schemas.catalogue import topic_name

TOPICS = (USERS, ORDERS)
_MESSAGES_MAX = 10_000
_SILENCE_SECONDS_MAX = 30
_BETWEEN_REPORTS = 5_000

Progress = Callable[[int], None]
"""Told how many messages are done by now."""


def missing(events: Iterable[Event], present: Collection[str]) -> list[Event]:
    """The events, in their order, whose ids are not present."""
    return [event for event in events if event.event_id not in present]


def ids_in_log(settings: Settings, topics: Collection[str], wanted: Collection[str]) -> set[str]:
    """Of the wanted ids of events those that the topics' logs hold.

    Raises DaybookError for a missing topic, and for a log that lost its start, so that this cannot
    be known; Unavailable.
    """
    consumer = reader(settings)
    try:
        ends = _ends(consumer, list(map(topic_name, topics)))
        return _read_ids(consumer, {place: end for place, end in ends.items() if end}, wanted)
    except KafkaException as error:
        raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error
    finally:
        consumer.close()


def event_id(value: bytes | None) -> str | None:
    """The id in a message, whatever it is; None if it has none."""
    try:
        found = json.loads(value or b"")["event_id"]
    except (ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, str) else None


def publish(settings: Settings, events: Iterable[Event], progress: Progress) -> None:
    """Returns when the brokers hold every event durably. Raises Unavailable.

    Stopped half-way, it leaves a part of the events in the log, each whole.
    """
    senders = {topic: BulkProducer(producer(settings), topic_name(topic)) for topic in TOPICS}
    for number, event in enumerate(events, start=1):
        senders[event.topic].send(event.value, event.key.encode())
        if number % _BETWEEN_REPORTS == 0:
            _report(senders.values(), progress)
    for sender in senders.values():
        sender.finish()
    _report(senders.values(), progress)


def _report(senders: Collection[BulkProducer], progress: Progress) -> None:
    """Raises Unavailable as soon as one message has failed."""
    for sender in senders:
        if sender.failed:
            raise Unavailable(
                f"Kafka did not take every message: {sender.why}. `daybook demo` publishes what is "
                "missing when you say it again"
            )
    progress(sum(sender.delivered for sender in senders))


def _ends(consumer: Consumer, topics: Collection[str]) -> dict[tuple[str, int], int]:
    """Where each partition ends; all of them must still hold their first message."""
    known = consumer.list_topics(timeout=REQUEST_SECONDS).topics
    ends = {}
    for topic in topics:
        if topic not in known:
            raise DaybookError(f"no topic {topic}: run `daybook topics apply`")
        for number in known[topic].partitions:
            bounds = consumer.get_watermark_offsets(
                TopicPartition(topic, number), timeout=REQUEST_SECONDS
            )
            if bounds[0]:
                raise DaybookError(
                    f"{topic}, partition {number}, begins at offset {bounds[0]}: what stood before "
                    "is deleted, so the demo cannot know what it published already. Give it a "
                    "cluster and a database of its own"
                )
            ends[topic, number] = bounds[1]
    return ends


def _read_ids(
    consumer: Consumer, ends: dict[tuple[str, int], int], wanted: Collection[str]
) -> set[str]:
    consumer.assign([TopicPartition(topic, number, 0) for topic, number in ends])
    unread = set(ends)
    ids: set[str] = set()
    heard = monotonic()
    while unread:
        messages = consumer.consume(_MESSAGES_MAX, timeout=0.1)
        if any(message.error() is None for message in messages):
            heard = monotonic()
        elif monotonic() - heard > _SILENCE_SECONDS_MAX:
            raise Unavailable(f"Kafka sent nothing for {_SILENCE_SECONDS_MAX} s")
        for message in messages:
            place = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                found = event_id(message.value())
                if found and found in wanted:
                    ids.add(found)
                if (message.offset() or 0) + 1 >= ends[place]:
                    unread.discard(place)
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(place)
            elif not error.retriable():
                raise KafkaException(error)
    return ids
