"""What an operator's commands ask a Kafka cluster, and how its refusals are told."""

import base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.clients import REQUEST_SECONDS
from daybook.engine.kafka.offsets import LogBounds

Place = tuple[str, int]
"""A topic and a partition's number."""

_PASSING = frozenset(
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
def answering(question: str) -> Iterator[None]:
    """Tells a failed request by what was asked.

    Raises Unavailable when no broker answers, DaybookError when one answers no.
    """
    try:
        yield
    except KafkaException as error:
        problem = error.args[0]
        if problem.code() < 0:
            raise Unavailable(
                f"Kafka does not answer (DAYBOOK_KAFKA_BOOTSTRAP_SERVERS): {problem.str()}"
            ) from error
        kind = Unavailable if problem.name() in _PASSING else DaybookError
        raise kind(f"{question}: Kafka says {problem.str() or problem.name()}") from error


def patiently(ask: Callable[[], T]) -> T:
    """Asks again while a cluster is still finding its coordinators, as after its start."""
    deadline = monotonic() + REQUEST_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].name() not in _PASSING or monotonic() > deadline:
                raise
        sleep(_PAUSE_SECONDS)


def partition_counts(client: AdminClient, topics: list[str]) -> dict[str, int]:
    """Of the topics that are there. Raises Unavailable."""
    with answering("which topics there are"):
        known = client.list_topics(timeout=REQUEST_SECONDS).topics
    return {topic: len(known[topic].partitions) for topic in topics if topic in known}


def log_bounds(client: AdminClient, topics: list[str]) -> dict[Place, LogBounds]:
    """What the log of every partition holds now; absent topics are left out. Raises Unavailable."""
    counts = partition_counts(client, topics)
    places = [(topic, number) for topic, count in counts.items() for number in range(count)]
    if not places:
        return {}
    lows = _offsets(client, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    highs = _offsets(client, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    return {place: LogBounds(lows[place], highs[place]) for place in places}


def _offsets(client: AdminClient, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
    wanted = {TopicPartition(*place): spec for place in places}

    def ask() -> dict[Place, int]:
        found = client.list_offsets(wanted, request_timeout=REQUEST_SECONDS)
        return {(p.topic, p.partition): future.result().offset for p, future in found.items()}

    with answering("where the log begins and ends"):
        return patiently(ask)


def members(client: AdminClient, group: str) -> int:
    """How many members Kafka knows the group to have at this moment. Raises Unavailable."""

    def ask() -> int:
        futures = client.describe_consumer_groups([group], request_timeout=REQUEST_SECONDS)
        return len(futures[group].result().members)

    with answering(f"who is in {group}"):
        return patiently(ask)


def topic_ids(client: AdminClient, topics: Iterable[str]) -> dict[str, str]:
    """The id of each topic's present incarnation, as Kafka prints it; absent topics are left out.

    Raises Unavailable.
    """
    found: dict[str, str] = {}
    wanted = list(topics)
    futures = client.describe_topics(TopicCollection(wanted), request_timeout=REQUEST_SECONDS)
    for topic, future in futures.items():
        try:
            uuid = future.result().topic_id
        except KafkaException as error:
            if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                continue
            raise Unavailable(f"Kafka does not describe {topic}: {error.args[0].str()}") from error
        high, low = uuid.get_most_significant_bits(), uuid.get_least_significant_bits()
        raw = ((high % 2**64) << 64 | low % 2**64).to_bytes(16, "big")
        found[topic] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return found


def cluster_id(client: AdminClient) -> str:
    """Raises Unavailable."""
    try:
        return str(client.list_topics(timeout=REQUEST_SECONDS).cluster_id)
    except KafkaException as error:
        raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error
