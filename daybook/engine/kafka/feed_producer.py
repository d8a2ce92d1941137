"""Sends what a group sends to a topic of its own, and waits until Kafka has it."""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from daybook.engine.errors import Unavailable
from daybook.engine.failpoints import reach

DELIVERY_SECONDS = 30.0
_POLL_SECONDS = 0.1


class FeedProducer:
    """`producer` must be idempotent, with acks=all."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def send(self, messages: Mapping[int, Iterable[bytes]]) -> None:
        """Sends messages by partition, and returns once all of them are acknowledged.

        Raises Unavailable: some may have been sent, so send all of them again.
        """

        def produce_all(produce: Callable[..., None]) -> None:
            for partition, values in messages.items():
                for value in values:
                    produce(value, partition=partition)
                reach("within_feed")

        self._deliver(produce_all)

    def send_keyed(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Sends keys and values, those of a key in their order; otherwise as `send`."""

        def produce_all(produce: Callable[..., None]) -> None:
            for key, value in messages:
                produce(value, key=key)

        self._deliver(produce_all)

    def _deliver(self, produce_all: Callable[[Callable[..., None]], None]) -> None:
        deadline = monotonic() + DELIVERY_SECONDS
        # What an earlier call left is in the queue before these messages, so the order holds.
        self._flush(deadline)
        failures: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                failures.append(error)

        def produce(value: bytes, **where: Any) -> None:
            self._produce(deadline, value, on_delivery=on_delivery, **where)

        produce_all(produce)
        self._flush(deadline)
        if failures:
            raise self._unavailable(failures[0].str())

    def _produce(self, deadline: float, value: bytes, **options: Any) -> None:
        while True:
            try:
                self._producer.produce(self._topic, value, **options)
                return
            except BufferError:
                if monotonic() > deadline:
                    raise self._unavailable("timed out") from None
                self._producer.poll(_POLL_SECONDS)
            except KafkaException as error:
                raise self._unavailable(str(error)) from error

    def _flush(self, deadline: float) -> None:
        if self._producer.flush(max(0.0, deadline - monotonic())):
            raise self._unavailable("timed out")

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(f"Kafka did not accept messages on {self._topic}: {why}")
