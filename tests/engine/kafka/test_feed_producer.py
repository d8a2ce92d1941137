"""Items are in Kafka, in their partitions, when `send` returns."""

import pytest
from confluent_kafka import TopicPartition

from daybook.engine.errors import Unavailable
from daybook.engine.kafka import clients, feed_producer
from daybook.engine.kafka.feed_producer import FeedProducer
from tests.support.world import World


def read(world: World, topic: str, partition: int, count: int) -> list[bytes | None]:
    consumer = clients.reader(world.settings)
    consumer.assign([TopicPartition(topic, partition, 0)])
    found: list[bytes | None] = []
    while len(found) < count:
        found += [m.value() for m in consumer.consume(count, 1.0) if m.error() is None]
    consumer.close()
    return found


def test_messages_are_in_their_partitions_in_order(world: World) -> None:
    world.make_topic(partitions=3)
    topic = world.topic("sc.domain.order")
    sender = FeedProducer(clients.producer(world.settings), topic)
    sender.send({2: [b"a", b"b"], 0: [b"c"]})
    sender.send({2: iter([b"d"])})
    assert read(world, topic, 2, 3) == [b"a", b"b", b"d"]
    assert read(world, topic, 0, 1) == [b"c"]


def test_a_feed_that_is_not_there_is_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_producer, "DELIVERY_SECONDS", 1.0)
    sender = FeedProducer(clients.producer(world.settings), world.topic("unknown"))
    with pytest.raises(Unavailable, match="did not accept messages on"):
        sender.send({0: [b"a"]})
