"""What stands in a press's topic."""

import json
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from daybook.engine.kafka import clients
from daybook.engine.member.caught_up import log_ends
from daybook.exports.group import GROUP
from tests.exports.conftest import TOPIC, Press
from tests.support.world import renamed


def told_events(press: Press) -> list[dict[str, Any]]:
    """What workers have told."""
    own = {"group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True}
    reader = Consumer(clients.common(press.world.settings) | own)
    topic = press.world.topic(TOPIC)
    partitions = press.world.admin.list_topics(topic, timeout=5).topics[topic].partitions
    reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    found: list[bytes] = []
    ended = 0
    while ended < len(partitions):
        message = reader.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            found.append(message.value() or b"")
    reader.close()
    told = (b"export.completed", b"export.failed")
    return [json.loads(value) for value in found if any(kind in value for kind in told)]


def is_caught_up(press: Press) -> bool:
    """Whether the workers have committed all that is in the topic."""
    commits = press.world.commits(renamed(GROUP, press.world.name))
    ends = log_ends(press.world.admin, [press.world.topic(TOPIC)])
    return all(commits.get(place, 0) >= end for place, end in ends.items())
