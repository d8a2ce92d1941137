"""The bulk producer counts every message as delivered or failed."""

from collections.abc import Callable
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from daybook.engine.kafka.bulk_producer import BulkProducer

Deliver = Callable[[KafkaError | None, Any], None]


class FakeProducer:
    """Holds `room` messages; a poll delivers them, or fails those for which `fate` has a code."""

    def __init__(self, room: int = 10, fate: Callable[[bytes], int | None] = lambda _: None):
        self._room = room
        self._fate = fate
        self._queue: list[tuple[bytes, Deliver]] = []
        self.arrived: list[bytes] = []

    def __len__(self) -> int:
        return len(self._queue)

    def produce(self, topic: str, value: bytes, key: bytes | None, on_delivery: Deliver) -> None:
        if len(self._queue) == self._room:
            raise BufferError
        if value == b"too large":
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        self._queue.append((value, on_delivery))

    def poll(self, seconds: float) -> None:
        queue, self._queue = self._queue, []
        for value, deliver in queue:
            code = self._fate(value)
            if code is None:
                self.arrived.append(value)
            deliver(None if code is None else KafkaError(code), None)

    def flush(self, seconds: float) -> int:
        self.poll(seconds)
        return 0

    def purge(self, in_flight: bool = True) -> None:
        queue, self._queue = self._queue, []
        for _, deliver in queue:
            deliver(KafkaError(KafkaError._PURGE_QUEUE), None)


def bulk_producer(fake: FakeProducer) -> BulkProducer:
    return BulkProducer(cast(Producer, fake), "orders")


def test_send_waits_while_the_queue_is_full() -> None:
    fake = FakeProducer(room=3)
    producer = bulk_producer(fake)
    for number in range(20):
        producer.send(b"%d" % number, None)
    producer.finish()
    assert fake.arrived == [b"%d" % number for number in range(20)]
    assert (producer.sent, producer.delivered, producer.failed, producer.why) == (20, 20, 0, None)


def test_a_refused_message_is_counted_and_the_others_are_sent() -> None:
    producer = bulk_producer(FakeProducer())
    for value in (b"a", b"too large", b"b"):
        producer.send(value, b"k")
    producer.refuse("longer than anything")
    producer.finish()
    assert (producer.sent, producer.delivered, producer.failed, producer.broken) == (4, 2, 2, False)
    assert producer.why and "size" in producer.why.lower()


def test_an_unavailable_cluster_breaks_the_producer() -> None:
    fate = {b"b": KafkaError._MSG_TIMED_OUT}
    producer = bulk_producer(FakeProducer(room=2, fate=fate.get))
    for value in (b"a", b"b", b"c", b"d"):
        producer.send(value, None)
    producer.finish()
    assert producer.broken
    assert producer.delivered == 1


def test_an_interruption_drops_queued_messages() -> None:
    fake = FakeProducer()
    producer = bulk_producer(fake)
    producer.send(b"a", None)
    producer.interrupt()
    producer.send(b"b", None)
    producer.finish()
    assert (producer.interrupted, producer.delivered, producer.why) == (True, 0, "interrupted")
    assert fake.arrived == []
