"""Every message's fate is known, whatever the client does."""

from collections.abc import Callable
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from daybook.engine.kafka.bulk_producer import BulkProducer

Deliver = Callable[[KafkaError | None, Any], None]


class FakeProducer:
    """Holds `room` messages; a poll delivers them, each failing if `fate` says so."""

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


def sender(fake: FakeProducer) -> BulkProducer:
    return BulkProducer(cast(Producer, fake), "orders")


def test_a_full_queue_is_waited_for() -> None:
    fake = FakeProducer(room=3)
    own = sender(fake)
    for number in range(20):
        own.send(b"%d" % number, None)
    own.finish()
    assert fake.arrived == [b"%d" % number for number in range(20)]
    assert (own.sent, own.delivered, own.failed, own.why) == (20, 20, 0, None)


def test_a_message_that_is_refused_is_counted_and_the_others_go_on() -> None:
    own = sender(FakeProducer())
    for value in (b"a", b"too large", b"b"):
        own.send(value, b"k")
    own.refuse("longer than anything")
    own.finish()
    assert (own.sent, own.delivered, own.failed, own.broken) == (4, 2, 2, False)
    assert own.why and "size" in own.why.lower()


def test_a_cluster_that_is_away_ends_it() -> None:
    fate = {b"b": KafkaError._MSG_TIMED_OUT}
    own = sender(FakeProducer(room=2, fate=fate.get))
    for value in (b"a", b"b", b"c", b"d"):
        own.send(value, None)
    own.finish()
    assert own.broken
    assert own.delivered == 1


def test_an_interruption_takes_back_what_waits() -> None:
    fake = FakeProducer()
    own = sender(fake)
    own.send(b"a", None)
    own.interrupt()
    own.send(b"b", None)
    own.finish()
    assert (own.interrupted, own.delivered, own.why) == (True, 0, "interrupted")
    assert fake.arrived == []
