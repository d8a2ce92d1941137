"""Compares the declared topics with those of a cluster, and creates or alters topics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
)

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import kafka_errors
from daybook.engine.kafka.clients import REQUEST_SECONDS

Kind = Literal["missing", "partitions", "replication", "config", "undeclared"]


@dataclass(frozen=True, slots=True)
class DeclaredTopic:
    """A topic as topics.yaml declares it; `config` has only the settings declared there."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActualTopic:
    """A topic as the cluster has it; `overrides` are the settings made on the topic itself.

    `replication` is the least number of replicas of any of its partitions.
    """

    partitions: int
    replication: int
    config: Mapping[str, str]
    overrides: frozenset[str]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a declared topic and the cluster's.

    `wanted` and `found` are the two values; `setting` is the name of a topic setting.
    """

    topic: str
    kind: Kind
    wanted: str | None = None
    found: str | None = None
    setting: str | None = None


def compare(
    declared: Iterable[DeclaredTopic], actual_topics: Mapping[str, ActualTopic]
) -> list[Drift]:
    """Every drift, in the order of the topics. More replicas than declared are not a drift."""
    drifts: list[Drift] = []
    for topic in declared:
        actual = actual_topics.get(topic.name)
        if actual is None:
            drifts.append(Drift(topic.name, "missing"))
            continue
        if actual.partitions != topic.partitions:
            numbers = str(topic.partitions), str(actual.partitions)
            drifts.append(Drift(topic.name, "partitions", *numbers))
        if actual.replication < topic.replication:
            numbers = str(topic.replication), str(actual.replication)
            drifts.append(Drift(topic.name, "replication", *numbers))
        drifts += _compare_config(topic, actual)
    return drifts


def _compare_config(topic: DeclaredTopic, actual: ActualTopic) -> list[Drift]:
    changed = [
        Drift(topic.name, "config", value, actual.config.get(name), name)
        for name, value in topic.config.items()
        if actual.config.get(name) != value
    ]
    undeclared = [
        Drift(topic.name, "undeclared", None, actual.config.get(name), name)
        for name in sorted(actual.overrides - topic.config.keys())
    ]
    return changed + undeclared


def describe_topics(client: AdminClient, names: list[str]) -> dict[str, ActualTopic]:
    """The cluster's topics of these names; absent ones are left out. Raises Unavailable."""
    shapes: dict[str, tuple[int, int]] = {}
    described = client.describe_topics(TopicCollection(names), request_timeout=REQUEST_SECONDS)
    for name, future in described.items():
        with kafka_errors(f"describing {name}"):
            try:
                partitions = future.result().partitions
            except KafkaException as error:
                if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                    continue
                raise
        shapes[name] = len(partitions), min(len(p.replicas) for p in partitions)
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in shapes]
    topics: dict[str, ActualTopic] = {}
    if not resources:
        return topics
    for resource, future in client.describe_configs(
        resources, request_timeout=REQUEST_SECONDS
    ).items():
        with kafka_errors(f"reading the configuration of {resource.name}"):
            entries = future.result()
        on_topic = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        topics[resource.name] = ActualTopic(
            *shapes[resource.name],
            {name: entry.value for name, entry in entries.items()},
            frozenset(name for name, entry in entries.items() if entry.source == on_topic),
        )
    return topics


def create(client: AdminClient, topic: DeclaredTopic) -> None:
    """Creates a topic, unless it exists by now. Raises DaybookError, Unavailable."""
    new = NewTopic(topic.name, topic.partitions, topic.replication, config=dict(topic.config))
    future = client.create_topics(
        [new], operation_timeout=REQUEST_SECONDS, request_timeout=REQUEST_SECONDS
    )[topic.name]
    with kafka_errors(f"creating {topic.name}"):
        try:
            future.result()
        except KafkaException as error:
            name = error.args[0].name()
            if name == "INVALID_REPLICATION_FACTOR":
                raise DaybookError(
                    f"creating {topic.name}: the cluster has fewer than {topic.replication} "
                    "brokers, one for each replica: lower DAYBOOK_TOPICS_REPLICATION, or "
                    "`replication` in topics.yaml"
                ) from None
            if name != "TOPIC_ALREADY_EXISTS":
                raise


def alter(client: AdminClient, name: str, config: Mapping[str, str]) -> None:
    """Sets these settings of a topic, and no others. Raises DaybookError, Unavailable."""
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in config.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
    future = client.incremental_alter_configs([resource], request_timeout=REQUEST_SECONDS)[resource]
    with kafka_errors(f"configuring {name} ({', '.join(config)})"):
        future.result()


def add_partitions(client: AdminClient, name: str, to: int) -> None:
    """Adds partitions to a topic until it has `to`. Raises DaybookError, Unavailable."""
    future = client.create_partitions(
        [NewPartitions(name, to)],
        operation_timeout=REQUEST_SECONDS,
        request_timeout=REQUEST_SECONDS,
    )[name]
    with kafka_errors(f"adding partitions to {name}"):
        future.result()
