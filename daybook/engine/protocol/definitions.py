"""Reads definition topics, which every member reads as a whole."""

from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

import structlog
from confluent_kafka import Message, TopicPartition

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.decode.parse import Ignored, read
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.source import Definition, Source
from daybook.engine.errors import NAMED, Poison, Unavailable
from daybook.engine.kafka.clients import REQUEST_SECONDS, kafka_required
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.partition import Partition
from daybook.engine.protocol.dead_letters import DeadLetters

log = structlog.get_logger()

_POLL_SECONDS = 0.2
_MESSAGES = 1_000


class Definitions:
    """Reads the sources' topics from their starts, each call up to their current ends.

    A recreated topic is read from its new start; the old incarnation's definitions stay in force
    until replaced. `topic_ids` returns the ids of the topics' incarnations, from Kafka.
    """

    def __init__(
        self,
        sources: tuple[Source, ...],
        consumer: RenewableConsumer,
        topic_ids: Callable[[], dict[str, str]],
        dead_letters: DeadLetters,
        calendar: Calendar,
    ) -> None:
        self._sources = {source.topic: source for source in sources}
        self._consumer = consumer
        self._topic_ids = topic_ids
        self._dead_letters = dead_letters
        self._calendar = calendar
        self._next: dict[Partition, int] = {}
        self._dead: dict[Partition, dict[int, tuple[str, str]]] = {}
        self._untaken: deque[tuple[Definition, Message]] = deque()

    def read_new(self, take: Callable[[Definition], object]) -> None:
        """Calls `take` with each definition appended since the last call, in each partition's
        order; one at which it raises becomes a dead letter.

        Raises Unavailable; what was read and not taken before the error is taken by the next call.
        """
        for partition, (low, end) in self._bounds().items():
            start = max(low, self._next.get(partition, 0))
            if start < end:
                self._untaken += self._read(partition, start, end)
            # Empty partitions too: `first_partition` must know them.
            self._next[partition] = max(start, end)
        while self._untaken:
            definition, message = self._untaken[0]
            try:
                take(definition)
            except NAMED:
                raise
            except Exception as error:
                batch = Batch(definition.partition, definition.offset + 1)
                self._add_dead_letter(message, error, batch)
                self._dead_letters.write(batch)
            self._untaken.popleft()

    def first_partition(self, topic: str) -> Partition | None:
        """The topic's lowest partition; None while the topic is unknown.

        Topics are matched by the end of their names, because tests give them a prefix.
        """
        partitions = (partition for partition in self._next if partition.topic.endswith(topic))
        return min(partitions, key=lambda partition: partition.number, default=None)

    def _bounds(self) -> dict[Partition, tuple[int, int]]:
        ids = self._topic_ids()
        self._consumer.renew(ids)
        with kafka_required():
            known = self._consumer.current.list_topics(timeout=REQUEST_SECONDS).topics
            partitions = [
                Partition(topic, topic_id, number)
                for topic, topic_id in ids.items()
                if topic in known
                for number in known[topic].partitions
            ]
            return {
                partition: self._consumer.current.get_watermark_offsets(
                    TopicPartition(partition.topic, partition.number), timeout=REQUEST_SECONDS
                )
                for partition in partitions
            }

    def _read(self, partition: Partition, start: int, end: int) -> list[tuple[Definition, Message]]:
        self._dead.setdefault(partition, self._dead_letters.positions(partition, start))
        batch = Batch(partition, end)
        definitions = []
        for message in self._messages(partition, start, end):
            try:
                definitions.append((self._definition(partition, message), message))
            except Ignored:
                continue
            except NAMED:
                raise
            except Exception as error:
                self._add_dead_letter(message, error, batch)
        self._dead_letters.write(batch)
        return definitions

    def _messages(self, partition: Partition, start: int, end: int) -> Iterator[Message]:
        start_at = TopicPartition(partition.topic, partition.number, start)
        consumer = self._consumer.current
        last_event_at = monotonic()
        with kafka_required():
            consumer.assign([start_at])
            position = start
            while position < end:
                if monotonic() - last_event_at > REQUEST_SECONDS:
                    raise Unavailable(f"Kafka does not answer: no message of {partition} arrives")
                for message in consumer.consume(_MESSAGES, _POLL_SECONDS):
                    last_event_at = monotonic()
                    if message.error() is not None:
                        position = max(position, self._end_of_partition(message))
                        continue
                    offset = message.offset() or 0
                    position = offset + 1
                    if offset < end:
                        yield message
            consumer.unassign()

    @staticmethod
    def _end_of_partition(message: Message) -> int:
        error = message.error()
        assert error is not None
        if error.name() == "_PARTITION_EOF":
            return message.offset() or 0
        raise Unavailable(f"Kafka: {error.str()}")

    def _definition(self, partition: Partition, message: Message) -> Definition:
        offset, value = message.offset() or 0, message.value()
        if value is None:
            raise Ignored
        if offset in self._dead[partition]:
            raise Ignored
        source = self._sources[partition.topic]
        event = read(source, value)
        if message.key() != source.key_of(event).encode():
            raise Poison("wrong_key", "the message key is not the one that topics.yaml requires")
        appended_ms = message.timestamp()[1]
        self._calendar.day_hour(event["occurred_at"], appended_ms)
        return Definition(partition, offset, appended_ms, event)

    @staticmethod
    def _add_dead_letter(message: Message, error: Exception, batch: Batch) -> None:
        offset = message.offset() or 0
        dead_letter = DeadLetter.of(offset, message.key(), message.value(), error)
        why = f"{dead_letter.reason}: {dead_letter.detail}"
        log.warning("invalid definition", partition=str(batch.partition), why=why)
        batch.dead.append(dead_letter)
