"""A Kafka producer for asyncio that returns which messages of a call were acknowledged."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from daybook.engine.kafka.clients import common, usable_settings
from daybook.engine.settings import Settings


class PendingDeliveries:
    """The deliveries of one call's events, with a single future for all of them.

    Used in the event loop's thread only. `broken`: the Kafka client failed permanently.
    """

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._acknowledged = [False] * count
        self._reported = 0
        self._sent: int | None = None
        self.broken = False

    def on_delivery(self, index: int, error: KafkaError | None, _: Message) -> None:
        """Called once for each event that was sent."""
        if error is None:
            self._acknowledged[index] = True
        elif error.fatal():
            self.broken = True
        self._reported += 1
        if self._reported == self._sent:
            self._finish()

    async def outcome(self, sent: int, seconds: float) -> list[bool]:
        """Waits at most `seconds` for the `sent` events; returns for each if it is acknowledged."""
        self._sent = sent
        if self._reported < sent:
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
_ACK_POLL_SECONDS = 0.001
_PROBE_SECONDS = 1.0
_CLOSE_SECONDS = 10.0
_log = structlog.get_logger()

Keyed = tuple[bytes, bytes]
"""A message's key and value."""


@dataclass(frozen=True, slots=True)
class ProducerLimits:
    """Time that a message may wait for its batch to fill (`linger_ms`) and for its acknowledgement
    (`ack_ms`), and how many messages may wait (`queue_messages`)."""

    linger_ms: int
    ack_ms: int
    queue_messages: int


class AsyncProducer:
    """An idempotent producer with acks=all that partitions like Java's default partitioner.

    It polls for acknowledgements in the event loop's thread, every millisecond while any is due: a
    polling thread would compete with the loop for the GIL at each event, and Python may take 5 ms
    to switch threads. `problem` describes what is wrong with the cluster; None if nothing is. A
    client that fails permanently is replaced. `queued` is called with the number of waiting
    messages.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        limits: ProducerLimits,
        queued: Callable[[int], None] = lambda waiting: None,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._limits = limits
        self._queued = queued
        self._ack_seconds = limits.ack_ms / 1_000
        self._needs_probe = True
        self._retired: list[Producer] = []
        self._producer = self._make()
        self.problem: str | None = "the connection to Kafka was not checked yet"
        self._loop = asyncio.get_running_loop()
        self._is_polling = False
        self._watching = asyncio.create_task(self._watch())

    async def send(self, messages: list[Keyed]) -> list[bool]:
        """Sends messages; returns for each whether it was acknowledged in time. Raises nothing."""
        pending = PendingDeliveries(len(messages))
        producer = self._producer
        sent = 0
        if self.problem is None:
            try:
                for key, value in messages:
                    on_delivery = partial(pending.on_delivery, sent)
                    producer.produce(self._topic, value, key, on_delivery=on_delivery)
                    sent += 1
            except BufferError:
                pass
            except KafkaException as error:
                pending.broken |= bool(error.args[0].fatal())
        if not self._is_polling:
            self._is_polling = True
            self._loop.call_later(_ACK_POLL_SECONDS, self._poll_while_due)
        acknowledged = await pending.outcome(sent, self._ack_seconds)
        if pending.broken:
            self._replace(producer)
        return acknowledged

    async def close(self) -> None:
        """Waits up to `_CLOSE_SECONDS` for messages that are still queued."""
        end = monotonic() + _CLOSE_SECONDS
        while self._poll() and monotonic() < end:
            await asyncio.sleep(_ACK_POLL_SECONDS)
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching

    @usable_settings()
    def _make(self) -> Producer:
        return Producer(
            common(self._settings)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": self._limits.linger_ms,
                "queue.buffering.max.messages": self._limits.queue_messages,
                "delivery.timeout.ms": self._limits.ack_ms,
                "error_cb": self._on_error,
            }
        )

    def _replace(self, broken: Producer) -> None:
        if broken is self._producer:
            _log.warning("Kafka client failed permanently and was replaced")
            self._producer = self._make()
            broken.purge()
            self._retired.append(broken)

    def _on_error(self, _: KafkaError) -> None:
        self._needs_probe = True

    def _poll_while_due(self) -> None:
        self._is_polling = self._poll() > 0
        if self._is_polling:
            self._loop.call_later(_ACK_POLL_SECONDS, self._poll_while_due)

    def _poll(self) -> int:
        """Calls the callbacks of acknowledged messages; returns how many messages still wait."""
        self._producer.poll(0)
        for broken in list(self._retired):
            broken.poll(0)
            if not len(broken):
                self._retired.remove(broken)
        left = len(self._producer)
        self._queued(left)
        return left

    async def _watch(self) -> None:
        """Probes the cluster after an error and until it answers; polls for client errors."""
        while True:
            if self._needs_probe or self.problem:
                self._needs_probe = False
                self._set_problem(await asyncio.to_thread(self._probe))
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
            return f"Kafka has no topic {self._topic}: create it with `daybook topics apply`"
        return None

    def _set_problem(self, problem: str | None) -> None:
        if problem and not self.problem:
            _log.warning("waiting for a server", why=problem)
        elif self.problem and not problem:
            _log.info("resumed")
        self.problem = problem
