"""To the broker: a call's events together, and which of them it has acknowledged."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from daybook.engine.kafka.clients import common
from daybook.engine.settings import Settings


class PendingDeliveries:
    """Which of a call's events are acknowledged. One future a call, whatever it carries.

    Of the loop's thread alone. `broken`: the client has failed for good.
    """

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._acknowledged = [False] * count
        self._told = 0
        self._sent: int | None = None
        self.broken = False

    def on_delivery(self, index: int, error: KafkaError | None, _: Message) -> None:
        """Once for each event that was sent."""
        if error is None:
            self._acknowledged[index] = True
        elif error.fatal():
            self.broken = True
        self._told += 1
        if self._told == self._sent:
            self._finish()

    async def outcome(self, sent: int, seconds: float) -> list[bool]:
        """Of each event whether it is acknowledged, as far as is known by then."""
        self._sent = sent
        if self._told < sent:
            end = self._loop.call_later(seconds, self._finish)
            try:
                await self._done
            finally:
                end.cancel()
        return list(self._acknowledged)

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


_POLL_SECONDS = 0.1
_DUE_SECONDS = 0.001
_PROBE_SECONDS = 1.0
_CLOSE_SECONDS = 10.0
_log = structlog.get_logger()

Keyed = tuple[bytes, bytes]
"""Key and value."""


@dataclass(frozen=True, slots=True)
class ProducerLimits:
    """How long a message may wait for others, how long for the broker, and how many may wait."""

    linger_ms: int
    ack_ms: int
    queue_messages: int


class AsyncProducer:
    """An idempotent producer, acknowledged by all replicas, partitioned as Java's default does.

    Of the loop's thread: acknowledgements are asked for there, every millisecond while any is due.
    A thread that waited for them would take turns with the loop for each single event, and a turn
    may take Python 5 ms. `problem` says what is wrong with the cluster, None when nothing is. A
    client that has failed for good is replaced. `queued` is told how many messages wait.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        sending: ProducerLimits,
        queued: Callable[[int], None] = lambda waiting: None,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._sending = sending
        self._queued = queued
        self._ack_seconds = sending.ack_ms / 1_000
        self._suspect = True
        self._retired: list[Producer] = []
        self._producer = self._make()
        self.problem: str | None = "Kafka was not asked yet"
        self._loop = asyncio.get_running_loop()
        self._is_polling = False
        self._watching = asyncio.create_task(self._watch())

    async def send(self, messages: list[Keyed]) -> list[bool]:
        """Which of the messages the broker has, for sure. Raises nothing."""
        waiting = PendingDeliveries(len(messages))
        producer = self._producer
        sent = 0
        if self.problem is None:
            try:
                for key, value in messages:
                    told = partial(waiting.on_delivery, sent)
                    producer.produce(self._topic, value, key, on_delivery=told)
                    sent += 1
            except BufferError:
                pass
            except KafkaException as error:
                waiting.broken |= bool(error.args[0].fatal())
        if not self._is_polling:
            self._is_polling = True
            self._loop.call_later(_DUE_SECONDS, self._poll_due)
        found = await waiting.outcome(sent, self._ack_seconds)
        if waiting.broken:
            self._replace(producer)
        return found

    async def close(self) -> None:
        """Sends what still waits, for a bounded while."""
        end = monotonic() + _CLOSE_SECONDS
        while self._poll() and monotonic() < end:
            await asyncio.sleep(_DUE_SECONDS)
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching

    def _make(self) -> Producer:
        return Producer(
            common(self._settings)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": self._sending.linger_ms,
                "queue.buffering.max.messages": self._sending.queue_messages,
                "delivery.timeout.ms": self._sending.ack_ms,
                "error_cb": self._on_error,
            }
        )

    def _replace(self, broken: Producer) -> None:
        if broken is self._producer:
            _log.warning("the Kafka client failed for good; it is replaced")
            self._producer = self._make()
            broken.purge()
            self._retired.append(broken)

    def _on_error(self, _: KafkaError) -> None:
        self._suspect = True

    def _poll_due(self) -> None:
        self._is_polling = self._poll() > 0
        if self._is_polling:
            self._loop.call_later(_DUE_SECONDS, self._poll_due)

    def _poll(self) -> int:
        """Tells what was acknowledged meanwhile; how many still wait."""
        self._producer.poll(0)
        for broken in list(self._retired):
            broken.poll(0)
            if not len(broken):
                self._retired.remove(broken)
        left = len(self._producer)
        self._queued(left)
        return left

    async def _watch(self) -> None:
        """Whether the cluster answers, asked when there is reason to, and errors of the client."""
        while True:
            if self._suspect or self.problem:
                self._suspect = False
                self._judge(await asyncio.to_thread(self._probe))
                await asyncio.sleep(_PROBE_SECONDS)
            else:
                await asyncio.sleep(_POLL_SECONDS)
            self._poll()

    def _probe(self) -> str | None:
        try:
            topic = self._producer.list_topics(self._topic, _PROBE_SECONDS).topics[self._topic]
        except KafkaException as error:
            return f"Kafka does not answer: {error.args[0].str()}"
        if topic.error is not None:
            return f"Kafka has no topic {self._topic}: `daybook topics apply` makes it"
        return None

    def _judge(self, problem: str | None) -> None:
        if problem and not self.problem:
            _log.warning("waiting", why=problem)
        elif self.problem and not problem:
            _log.info("going on")
        self.problem = problem
