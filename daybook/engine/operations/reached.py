"""How far a group has counted, by its three witnesses: checkpoints, Kafka's offsets, the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from daybook.engine.group import Group
from daybook.engine.kafka.admin import kafka_errors, log_bounds, retry_transient, topic_ids
from daybook.engine.kafka.clients import REQUEST_SECONDS, member
from daybook.engine.kafka.offsets import Commit, LogBounds
from daybook.engine.mongo.client import Documents
from daybook.engine.partition import Partition
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a partition is counted; `checkpoint` is None before the first one."""

    partition: Partition
    checkpoint: int | None
    commit: Commit
    bounds: LogBounds


def read_reached(
    group: Group, documents: Documents, client: AdminClient, settings: Settings
) -> list[Reached]:
    """How far each partition of the group's topics is counted. Raises Unavailable."""
    ids = topic_ids(client, group.topics)
    partitions = [
        Partition(topic, ids[topic], number) for topic, number in log_bounds(client, list(ids))
    ]
    # A commit follows its checkpoint, so it is read first; the log only grows.
    commits = find_commits(settings, group, partitions)
    checkpoints = Checkpoints(group.name, documents).all()
    bounds = log_bounds(client, list(ids))
    return [
        Reached(
            partition,
            checkpoints.get((partition.topic_id, partition.number)),
            commit,
            bounds[partition.topic, partition.number],
        )
        for partition, commit in zip(partitions, commits, strict=True)
    ]


def find_commits(settings: Settings, group: Group, partitions: list[Partition]) -> list[Commit]:
    """The group's commit of each partition, in their order. Raises Unavailable."""
    places = [TopicPartition(one.topic, one.number) for one in partitions]
    with (
        kafka_errors(f"reading the offsets of {group.name}"),
        group_consumer(settings, group) as consumer,
    ):
        committed = (
            retry_transient(lambda: consumer.committed(places, timeout=REQUEST_SECONDS))
            if places
            else []
        )
    return [Commit(one.offset, one.metadata) for one in committed]


@contextmanager
def group_consumer(settings: Settings, group: Group) -> Iterator[Consumer]:
    """A consumer with the group's name that never joins the group."""
    consumer = member(settings, group.name)
    try:
        yield consumer
    finally:
        consumer.close()
