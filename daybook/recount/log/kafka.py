"""Kafka as a recount needs it: what a topic is now, what was committed, the raw messages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, TypeVar

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from daybook.recount.errors import Unreachable, Unrecountable, asking_kafka

_REQUEST_SECONDS = 10.0
_SILENCE_SECONDS_MAX = 30.0
_PAUSE_SECONDS = 0.2
_MESSAGES_AT_ONCE = 10_000
_FATAL = (
    KafkaError._AUTHENTICATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
)
_PASSING = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Topic:
    """One incarnation of a topic: by partition, the first offset held and the one after the last.

    `ends` are what a reader of committed messages may see.
    """

    name: str
    id: str
    starts: dict[int, int]
    ends: dict[int, int]


def cluster_id(admin: AdminClient) -> str:
    """Raises Unreachable."""
    with asking_kafka():
        return str(admin.list_topics(timeout=_REQUEST_SECONDS).cluster_id)


def describe(admin: AdminClient, name: str) -> Topic:
    """Raises Unreachable, and Unrecountable when there is no such topic."""
    with asking_kafka():
        try:
            found = admin.describe_topics(
                TopicCollection([name]), request_timeout=_REQUEST_SECONDS
            )[name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            raise Unrecountable(f"there is no topic {name} on this cluster") from None
    topic_id = str(found.topic_id).rstrip("=").replace("+", "-").replace("/", "_")
    numbers = [partition.id for partition in found.partitions]
    return Topic(
        name,
        topic_id,
        _offsets(admin, name, numbers, OffsetSpec.earliest()),  # type: ignore[no-untyped-call]
        _offsets(admin, name, numbers, OffsetSpec.latest()),  # type: ignore[no-untyped-call]
    )


def _offsets(
    admin: AdminClient, topic: str, numbers: list[int], spec: OffsetSpec
) -> dict[int, int]:
    def ask() -> dict[int, int]:
        futures = admin.list_offsets(
            {TopicPartition(topic, number): spec for number in numbers},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_REQUEST_SECONDS,
        )
        return {tp.partition: future.result().offset for tp, future in futures.items()}

    with asking_kafka():
        return _patiently(ask)


def _patiently(ask: Callable[[], T]) -> T:
    """Asks again while brokers are still finding out who leads what, as after a topic is made."""
    deadline = monotonic() + _REQUEST_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or monotonic() > deadline:
                raise
        sleep(_PAUSE_SECONDS)


def committed(kafka: Mapping[str, Any], group: str, topic: Topic, metadata: str) -> dict[int, int]:
    """The offsets that the group committed with this metadata, by partition. Raises Unreachable.

    Asked by a consumer that never joins: an admin client crashes in librdkafka 2.16 when the
    group's coordinator has just moved.
    """
    asked = [TopicPartition(topic.name, number) for number in topic.ends]
    if not asked:
        return {}
    consumer = Consumer(dict(kafka) | {"group.id": group, "enable.auto.commit": False})
    try:
        with asking_kafka():
            found = _patiently(lambda: consumer.committed(asked, timeout=_REQUEST_SECONDS))
    finally:
        consumer.close()
    return {tp.partition: tp.offset for tp in found if tp.metadata == metadata and tp.offset >= 0}


def has_members(admin: AdminClient, group: str) -> bool:
    """Whether anybody is in the consumer group now. Raises Unreachable."""
    with asking_kafka():
        described = admin.describe_consumer_groups([group], request_timeout=_REQUEST_SECONDS)
        try:
            return bool(described[group].result().members)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return False
            raise


def read(
    kafka: Mapping[str, Any], topic: str, spans: Mapping[int, tuple[int, int]]
) -> Iterator[list[Message]]:
    """The messages of each partition from its span's first offset to before its second.

    Raises Unreachable when nothing comes for long, and Unrecountable when the log's start passes
    by meanwhile.
    """
    ends = {number: end for number, (start, end) in spans.items() if start < end}
    if not ends:
        return
    consumer = Consumer(
        dict(kafka)
        | {
            "group.id": "daybook-recount",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": 65_536,
            "fetch.queue.backoff.ms": 50,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, number, spans[number][0]) for number in ends])
        heard = monotonic()
        while ends:
            with asking_kafka():
                batch: list[Any] = consumer.consume(_MESSAGES_AT_ONCE, 1.0)
            if batch:
                heard = monotonic()
            elif monotonic() - heard > _SILENCE_SECONDS_MAX:
                raise Unreachable(f"Kafka sends nothing of {topic}, though its log goes on")
            messages = [message for message in batch if not message.error()]
            next_offsets = {m.partition(): m.offset() + 1 for m in messages}
            finished = {p for p, offset in next_offsets.items() if offset >= ends.get(p, offset)}
            # What lies before an end may be no message at all.
            finished |= {m.partition() for m in batch if m.error() and _is_end(m)}
            wanted = [m for m in messages if m.offset() < ends.get(m.partition(), 0)]
            if wanted:
                yield wanted
            if finished := finished & ends.keys():
                ends = {number: end for number, end in ends.items() if number not in finished}
                consumer.incremental_unassign([TopicPartition(topic, n) for n in finished])
    finally:
        consumer.close()


def _is_end(message: Any) -> bool:
    """Whether an error says that a partition is read; raises what the client cannot mend."""
    error = message.error()
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise Unrecountable(f"{message.topic()}: the log's start went by while it was read")
    if error.fatal() or error.code() in _FATAL:
        raise Unreachable(f"Kafka does not let the log be read: {error.str()}")
    return bool(error.code() == KafkaError._PARTITION_EOF)
