"""Topics that are read whole by every member: definitions, which other topics' events go by."""

from collections.abc import Callable, Iterator
from time import monotonic

import structlog
from confluent_kafka import KafkaException, Message, TopicPartition

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.decode.parse import Ignored, read
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.source import Definition, Source
from daybook.engine.errors import Poison, Unavailable
from daybook.engine.kafka.clients import REQUEST_SECONDS
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.partition import Partition
from daybook.engine.protocol.dead_letters import DeadLetters

log = structlog.get_logger()

_POLL_SECONDS = 0.2
_MESSAGES = 1_000


class Definitions:
    """Reads the sources' topics to their present ends, again and again, from their starts on.

    A topic that was made again is read from its new start; what the old one said stays in force
    until then. `topic_ids` asks Kafka for the topics' ids.
    """

    def __init__(
        self,
        sources: tuple[Source, ...],
        consumer: RenewableConsumer,
        topic_ids: Callable[[], dict[str, str]],
        letters: DeadLetters,
        calendar: Calendar,
    ) -> None:
        self._sources = {source.topic: source for source in sources}
        self._consumer = consumer
        self._topic_ids = topic_ids
        self._letters = letters
        self._calendar = calendar
        self._next: dict[Partition, int] = {}
        self._dead: dict[Partition, dict[int, tuple[str, str]]] = {}
        self._found: list[Definition] = []

    def news(self) -> list[Definition]:
        """What was appended since the last time, in each partition's order. Raises Unavailable:
        what was read until then is told the next time."""
        for partition, (low, end) in self._bounds().items():
            start = max(low, self._next.get(partition, 0))
            if start < end:
                self._found += self._read(partition, start, end)
            # Also of a partition that is empty: it is known, and may be somebody's home.
            self._next[partition] = max(start, end)
        found, self._found = self._found, []
        return found

    def home(self, topic: str) -> Partition | None:
        """The topic's first partition, if it is known; of a renamed one by how its name ends."""
        places = (place for place in self._next if place.topic.endswith(topic))
        return min(places, key=lambda place: place.number, default=None)

    def _bounds(self) -> dict[Partition, tuple[int, int]]:
        ids = self._topic_ids()
        self._consumer.renew(ids)
        try:
            known = self._consumer.current.list_topics(timeout=REQUEST_SECONDS).topics
            places = [
                Partition(topic, topic_id, number)
                for topic, topic_id in ids.items()
                if topic in known
                for number in known[topic].partitions
            ]
            return {
                place: self._consumer.current.get_watermark_offsets(
                    TopicPartition(place.topic, place.number), timeout=REQUEST_SECONDS
                )
                for place in places
            }
        except KafkaException as error:
            raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error

    def _read(self, partition: Partition, start: int, end: int) -> list[Definition]:
        self._dead.setdefault(partition, self._letters.positions(partition, start))
        batch = Batch(partition, end)
        found = []
        for message in self._messages(partition, start, end):
            try:
                found.append(self._definition(partition, message))
            except Ignored:
                continue
            except Poison as poison:
                self._bury(partition, message, poison, batch)
        self._letters.write(batch)
        return found

    def _messages(self, partition: Partition, start: int, end: int) -> Iterator[Message]:
        place = TopicPartition(partition.topic, partition.number, start)
        consumer = self._consumer.current
        heard = monotonic()
        try:
            consumer.assign([place])
            position = start
            while position < end:
                if monotonic() - heard > REQUEST_SECONDS:
                    raise Unavailable(f"Kafka does not answer: nothing comes of {partition}")
                for message in consumer.consume(_MESSAGES, _POLL_SECONDS):
                    heard = monotonic()
                    if message.error() is not None:
                        position = max(position, self._at_end(message))
                        continue
                    offset = message.offset() or 0
                    position = offset + 1
                    if offset < end:
                        yield message
            consumer.unassign()
        except KafkaException as error:
            raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error

    @staticmethod
    def _at_end(message: Message) -> int:
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
            raise Poison("wrong_key", "the message's key is not what the catalogue says")
        appended_ms = message.timestamp()[1]
        self._calendar.day_hour(event["occurred_at"], appended_ms)
        return Definition(partition, offset, appended_ms, event)

    def _bury(self, partition: Partition, message: Message, poison: Poison, batch: Batch) -> None:
        log.warning("a definition cannot be read", partition=str(partition), why=str(poison))
        offset = message.offset() or 0
        batch.dead.append(
            DeadLetter(offset, message.key(), message.value(), poison.reason, poison.detail)
        )
