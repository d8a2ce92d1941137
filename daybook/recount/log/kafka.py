"""What a recount reads from Kafka: a topic's state, committed offsets, and raw messages."""

from collections.abc import Callable, Iterator, Mapping
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

from daybook.recount.errors import Unreachable, Unrecountable, translated_kafka_errors
from daybook.recount.log.topic import Topic

_REQUEST_SECONDS = 10.0
_SILENCE_SECONDS_MAX = 30.0
_PAUSE_SECONDS = 0.2
_MESSAGES_AT_ONCE = 2_000
_FATAL = (
    KafkaError._AUTHENTICATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
)
_TRANSIENT = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
)

_CRITICAL = 2
"""Syslog level of the client's own log; its errors are raised, so logging them is redundant."""

T = TypeVar("T")


def quiet(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration for clients that print nothing."""
    return dict(config) | {"log_level": _CRITICAL}


def cluster_id(admin: AdminClient) -> str:
    """Raises Unreachable."""
    with translated_kafka_errors():
        return str(admin.list_topics(timeout=_REQUEST_SECONDS).cluster_id)


def describe(admin: AdminClient, name: str) -> Topic:
    """Raises Unreachable, and Unrecountable when there is no such topic."""
    with translated_kafka_errors():
        try:
            description = admin.describe_topics(
                TopicCollection([name]), request_timeout=_REQUEST_SECONDS
            )[name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            raise Unrecountable(f"there is no topic {name} on this cluster") from None
    topic_id = str(description.topic_id).rstrip("=").replace("+", "-").replace("/", "_")
    numbers = [partition.id for partition in description.partitions]
    return Topic(
        name,
        topic_id,
        _offsets(admin, name, numbers, OffsetSpec.earliest()),  # type: ignore[no-untyped-call]
        _offsets(admin, name, numbers, OffsetSpec.latest()),  # type: ignore[no-untyped-call]
    )


def _offsets(
    admin: AdminClient, topic: str, numbers: list[int], spec: OffsetSpec
) -> dict[int, int]:
    def request() -> dict[int, int]:
        futures = admin.list_offsets(
            {TopicPartition(topic, number): spec for number in numbers},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_REQUEST_SECONDS,
        )
        return {tp.partition: future.result().offset for tp, future in futures.items()}

    with translated_kafka_errors():
        return _retrying(request)


def _retrying(request: Callable[[], T]) -> T:
    """Repeats a request while brokers are still electing leaders, as after a topic is created."""
    deadline = monotonic() + _REQUEST_SECONDS
    while True:
        try:
            return request()
        except KafkaException as error:
            if error.args[0].code() not in _TRANSIENT or monotonic() > deadline:
                raise
        sleep(_PAUSE_SECONDS)


def committed(kafka: Mapping[str, Any], group: str, topic: Topic, metadata: str) -> dict[int, int]:
    """The offsets that the group committed with this metadata, by partition. Raises Unreachable.

    It asks through a consumer that never joins the group, because in librdkafka 2.16 an admin
    client crashes when the group's coordinator has just moved.
    """
    partitions = [TopicPartition(topic.name, number) for number in topic.ends]
    if not partitions:
        return {}
    consumer = Consumer(dict(kafka) | {"group.id": group, "enable.auto.commit": False})
    try:
        with translated_kafka_errors():
            commits = _retrying(lambda: consumer.committed(partitions, timeout=_REQUEST_SECONDS))
    finally:
        consumer.close()
    return {tp.partition: tp.offset for tp in commits if tp.metadata == metadata and tp.offset >= 0}


def has_members(admin: AdminClient, group: str) -> bool:
    """Whether the consumer group has members now. Raises Unreachable."""
    with translated_kafka_errors():
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
    """The messages of each partition, from the first offset of its span to before the second.

    Raises Unreachable when Kafka sends nothing for 30 seconds, and Unrecountable when retention
    deletes messages that were still to be read.
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
            "queued.max.messages.kbytes": 16_384,
            "fetch.queue.backoff.ms": 50,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, number, spans[number][0]) for number in ends])
        last_received = monotonic()
        while ends:
            with translated_kafka_errors():
                batch: list[Any] = consumer.consume(_MESSAGES_AT_ONCE, 1.0)
            if batch:
                last_received = monotonic()
            elif monotonic() - last_received > _SILENCE_SECONDS_MAX:
                raise Unreachable(f"Kafka sends no messages of {topic}, though its log continues")
            messages = [message for message in batch if not message.error()]
            next_offsets = {m.partition(): m.offset() + 1 for m in messages}
            finished = {p for p, offset in next_offsets.items() if offset >= ends.get(p, offset)}
            # The last offset before an end may be a transaction marker, which is no message.
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
    """Whether an error marks the end of a partition; raises those that cannot be retried."""
    error = message.error()
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise Unrecountable(f"{message.topic()}: messages were deleted before they were read")
    if error.fatal() or error.code() in _FATAL:
        raise Unreachable(f"Kafka refuses to let the log be read: {error.str()}")
    return bool(error.code() == KafkaError._PARTITION_EOF)
