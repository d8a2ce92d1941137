"""The topics as they are wanted, compared with those a cluster has, and made so."""

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
from daybook.engine.kafka.admin import answering
from daybook.engine.kafka.clients import REQUEST_SECONDS

Kind = Literal["missing", "partitions", "replication", "config", "undeclared"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as the catalogue says; `config` names only what it decides."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it; `overrides` are the settings made on the topic itself."""

    partitions: int
    replication: int
    config: Mapping[str, str]
    overrides: frozenset[str]


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which the cluster is not as wanted; `setting` is a config's name."""

    topic: str
    kind: Kind
    wanted: str | None = None
    found: str | None = None
    setting: str | None = None


def compare(wanted: Iterable[Wanted], found: Mapping[str, Found]) -> list[Drift]:
    """Every drift, in the order of the topics. More replicas than wanted are none."""
    drifts: list[Drift] = []
    for topic in wanted:
        here = found.get(topic.name)
        if here is None:
            drifts.append(Drift(topic.name, "missing"))
            continue
        if here.partitions != topic.partitions:
            numbers = str(topic.partitions), str(here.partitions)
            drifts.append(Drift(topic.name, "partitions", *numbers))
        if here.replication < topic.replication:
            numbers = str(topic.replication), str(here.replication)
            drifts.append(Drift(topic.name, "replication", *numbers))
        drifts += _compare_config(topic, here)
    return drifts


def _compare_config(topic: Wanted, here: Found) -> list[Drift]:
    changed = [
        Drift(topic.name, "config", value, here.config.get(name), name)
        for name, value in topic.config.items()
        if here.config.get(name) != value
    ]
    undeclared = [
        Drift(topic.name, "undeclared", None, here.config.get(name), name)
        for name in sorted(here.overrides - topic.config.keys())
    ]
    return changed + undeclared


def look(client: AdminClient, names: list[str]) -> dict[str, Found]:
    """What the cluster has of these topics; absent ones are left out. Raises Unavailable."""
    shapes: dict[str, tuple[int, int]] = {}
    described = client.describe_topics(TopicCollection(names), request_timeout=REQUEST_SECONDS)
    for name, future in described.items():
        with answering(f"what {name} is like"):
            try:
                partitions = future.result().partitions
            except KafkaException as error:
                if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                    continue
                raise
        shapes[name] = len(partitions), min(len(p.replicas) for p in partitions)
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in shapes]
    found: dict[str, Found] = {}
    if not resources:
        return found
    for resource, future in client.describe_configs(
        resources, request_timeout=REQUEST_SECONDS
    ).items():
        with answering(f"how {resource.name} is configured"):
            entries = future.result()
        own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        found[resource.name] = Found(
            *shapes[resource.name],
            {name: entry.value for name, entry in entries.items()},
            frozenset(name for name, entry in entries.items() if entry.source == own),
        )
    return found


def create(client: AdminClient, topic: Wanted) -> None:
    """Makes a topic; one that was made meanwhile is fine. Raises DaybookError, Unavailable."""
    new = NewTopic(topic.name, topic.partitions, topic.replication, config=dict(topic.config))
    future = client.create_topics(
        [new], operation_timeout=REQUEST_SECONDS, request_timeout=REQUEST_SECONDS
    )[topic.name]
    with answering(f"creating {topic.name}"):
        try:
            future.result()
        except KafkaException as error:
            name = error.args[0].name()
            if name == "INVALID_REPLICATION_FACTOR":
                raise DaybookError(
                    f"creating {topic.name}: the cluster has fewer than {topic.replication} "
                    "brokers to hold a copy each: set DAYBOOK_TOPICS_REPLICATION, or `replication` "
                    "in topics.yaml"
                ) from None
            if name != "TOPIC_ALREADY_EXISTS":
                raise


def alter(client: AdminClient, name: str, config: Mapping[str, str]) -> None:
    """Sets these settings of a topic and leaves its others. Raises DaybookError, Unavailable."""
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in config.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
    future = client.incremental_alter_configs([resource], request_timeout=REQUEST_SECONDS)[resource]
    with answering(f"configuring {name} ({', '.join(config)})"):
        future.result()


def add_partitions(client: AdminClient, name: str, to: int) -> None:
    """Raises `name` to that many partitions. Raises DaybookError, Unavailable."""
    future = client.create_partitions(
        [NewPartitions(name, to)],
        operation_timeout=REQUEST_SECONDS,
        request_timeout=REQUEST_SECONDS,
    )[name]
    with answering(f"adding partitions to {name}"):
        future.result()
