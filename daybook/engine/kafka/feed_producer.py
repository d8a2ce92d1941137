"""Sends the items of a batch to the group's feed, and waits until Kafka has them."""

from collections.abc import Iterable, Mapping
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
        deadline = monotonic() + DELIVERY_SECONDS
        # What an earlier call left is in the queue before these messages, so the order holds.
        self._flush(deadline)
        failures: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                failures.append(error)

        for partition, values in messages.items():
            for value in values:
                self._produce(partition, value, on_delivery, deadline)
            reach("within_feed")
        self._flush(deadline)
        if failures:
            raise self._unavailable(failures[0].str())

    def _produce(self, partition: int, value: bytes, on_delivery: Any, deadline: float) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic, value, partition=partition, on_delivery=on_delivery
                )
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
        return Unavailable(f"Kafka did not accept items on {self._topic}: {why}")
