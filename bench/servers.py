"""Starts the benchmark's own Kafka, MongoDB and Redis, and publishes its orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.orders import Orders
from daybook.engine.kafka import clients
from daybook.engine.kafka.topics import DeclaredTopic, create
from daybook.engine.settings import Settings
from daybook.local.stack import Ports, Stack
from schemas.catalogue import catalogue

PARTITIONS = 4
_NAMES = ("kafka", "mongodb", "redis")


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """The `DAYBOOK_*` variables of new servers; on leaving, they are stopped and wiped."""
    with TemporaryDirectory(prefix="daybook-bench-") as directory:
        stack = Stack(Path(directory) / "stack", Ports.free())
        try:
            stack.start(_NAMES)
            yield {
                "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": stack.kafka.address,
                "DAYBOOK_MONGODB_URI": stack.mongodb.address,
                "DAYBOOK_REDIS_URL": stack.redis.address,
            }
        finally:
            stack.wipe(_NAMES)


def publish(settings: Settings, topic: str, orders: Orders) -> None:
    """Creates the topic with 4 partitions, and publishes the orders to it."""
    wanted = DeclaredTopic(topic, PARTITIONS, 1, catalogue().config("sc.domain.order"))
    create(clients.admin(settings), wanted)
    producer = clients.producer(settings)
    for key, value in orders.messages():
        while True:
            try:
                producer.produce(topic, key=key, value=value)
            except BufferError:
                producer.poll(0.1)
            else:
                break
        producer.poll(0)
    if left := producer.flush(60):
        raise RuntimeError(f"the broker did not accept {left} messages")
