"""Reads the topic of export requests and results."""

import json
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from daybook.engine.kafka import clients
from daybook.engine.member.caught_up import log_ends
from daybook.exports.group import GROUP
from tests.exports.conftest import TOPIC, ExportServices
from tests.support.world import renamed


def end_events(services: ExportServices) -> list[dict[str, Any]]:
    """The events `export.completed` and `export.failed` in the topic."""
    return _events(services, "export.completed", "export.failed")


def requests(services: ExportServices) -> list[dict[str, Any]]:
    """The events `export.requested` in the topic."""
    return _events(services, "export.requested")


def _events(services: ExportServices, *types: str) -> list[dict[str, Any]]:
    config = {"group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True}
    reader = Consumer(clients.common(services.world.settings) | config)
    topic = services.world.topic(TOPIC)
    partitions = services.world.admin.list_topics(topic, timeout=5).topics[topic].partitions
    reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    values: list[bytes] = []
    ended = 0
    while ended < len(partitions):
        message = reader.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            values.append(message.value() or b"")
    reader.close()
    return [json.loads(value) for value in values if any(kind.encode() in value for kind in types)]


def is_caught_up(services: ExportServices) -> bool:
    """Whether the workers have committed the topic's end offsets."""
    commits = services.world.commits(renamed(GROUP, services.world.name))
    ends = log_ends(services.world.admin, [services.world.topic(TOPIC)])
    return all(commits.get(partition, 0) >= end for partition, end in ends.items())
