"""Requests to a Kafka cluster's admin API, and the translation of their errors."""

import base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.clients import REQUEST_SECONDS, kafka_required
from daybook.engine.kafka.offsets import LogBounds

Place = tuple[str, int]
"""A topic and a partition's number."""

_TRANSIENT = frozenset(
    {
        "COORDINATOR_LOAD_IN_PROGRESS",
        "COORDINATOR_NOT_AVAILABLE",
        "FENCED_LEADER_EPOCH",
        "LEADER_NOT_AVAILABLE",
        "NOT_CONTROLLER",
        "NOT_COORDINATOR",
        "NOT_ENOUGH_REPLICAS",
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        "NOT_LEADER_FOR_PARTITION",
        "REQUEST_TIMED_OUT",
        "UNKNOWN_LEADER_EPOCH",
    }
)
_PAUSE_SECONDS = 0.2

T = TypeVar("T")


@contextmanager
def kafka_errors(action: str) -> Iterator[None]:
    """Translates Kafka errors of `action`, which the messages name.

    Raises Unavailable if no broker answers or the error is transient, else DaybookError.
    """
    try:
        yield
    except KafkaException as error:
        problem = error.args[0]
        if problem.code() < 0:
            raise Unavailable(
                f"Kafka does not answer (DAYBOOK_KAFKA_BOOTSTRAP_SERVERS): {problem.str()}"
            ) from error
        kind = Unavailable if problem.name() in _TRANSIENT else DaybookError
        raise kind(f"{action}: Kafka reports: {problem.str() or problem.name()}") from error


def retry_transient(request: Callable[[], T]) -> T:
    """Repeats a request while its error is transient, as while a cluster elects coordinators."""
    deadline = monotonic() + REQUEST_SECONDS
    while True:
        try:
            return request()
        except KafkaException as error:
            if error.args[0].name() not in _TRANSIENT or monotonic() > deadline:
                raise
        sleep(_PAUSE_SECONDS)


def partition_counts(client: AdminClient, topics: list[str]) -> dict[str, int]:
    """The number of partitions of each topic; absent topics are left out. Raises Unavailable."""
    with kafka_errors("listing topics"):
        known = client.list_topics(timeout=REQUEST_SECONDS).topics
    return {topic: len(known[topic].partitions) for topic in topics if topic in known}


def log_bounds(client: AdminClient, topics: list[str]) -> dict[Place, LogBounds]:
    """The current log bounds of every partition; absent topics are left out. Raises Unavailable."""
    counts = partition_counts(client, topics)
    places = [(topic, number) for topic, count in counts.items() for number in range(count)]
    if not places:
        return {}
    lows = _offsets(client, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    highs = _offsets(client, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    return {place: LogBounds(lows[place], highs[place]) for place in places}


def _offsets(client: AdminClient, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
    wanted = {TopicPartition(*place): spec for place in places}

    def request() -> dict[Place, int]:
        futures = client.list_offsets(wanted, request_timeout=REQUEST_SECONDS)
        return {(p.topic, p.partition): future.result().offset for p, future in futures.items()}

    with kafka_errors("listing offsets"):
        return retry_transient(request)


def members(client: AdminClient, group: str) -> int:
    """The current number of the group's members, according to Kafka. Raises Unavailable."""

    def request() -> int:
        futures = client.describe_consumer_groups([group], request_timeout=REQUEST_SECONDS)
        return len(futures[group].result().members)

    with kafka_errors(f"listing the members of {group}"):
        return retry_transient(request)


def topic_ids(client: AdminClient, topics: Iterable[str]) -> dict[str, str]:
    """The id of each topic's current incarnation, as Kafka prints it; absent topics are left out.

    Raises Unavailable.
    """
    ids: dict[str, str] = {}
    names = list(topics)
    futures = client.describe_topics(TopicCollection(names), request_timeout=REQUEST_SECONDS)
    for topic, future in futures.items():
        try:
            uuid = future.result().topic_id
        except KafkaException as error:
            if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                continue
            raise Unavailable(f"describing {topic}: {error.args[0].str()}") from error
        high, low = uuid.get_most_significant_bits(), uuid.get_least_significant_bits()
        raw = ((high % 2**64) << 64 | low % 2**64).to_bytes(16, "big")
        ids[topic] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return ids


def cluster_id(client: AdminClient) -> str:
    """The id of the Kafka cluster. Raises Unavailable."""
    with kafka_required():
        return str(client.list_topics(timeout=REQUEST_SECONDS).cluster_id)
