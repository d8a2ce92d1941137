"""To the broker: a call's events together, and which of them it has acknowledged."""

import asyncio
from functools import partial
from threading import Thread
from time import monotonic

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from collector import metrics
from collector.waiting import Waiting
from engine.kafka import common
from engine.settings import Settings

_POLL_SECONDS = 0.1
_PROBE_SECONDS = 1.0
_CLOSE_SECONDS = 10.0
_log = structlog.get_logger()

Keyed = tuple[bytes, bytes]
"""Key and value."""


class Sender:
    """An idempotent producer, acknowledged by all replicas, partitioned as Java's default does.

    One thread serves the acknowledgements of all calls and watches whether the cluster answers:
    `problem` says what is wrong, None when nothing is. A client that has failed for good is
    replaced.
    """

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings = settings
        self._topic = topic
        self._ack_seconds = settings.collector_ack_ms / 1_000
        self._suspect = True
        self._stopping = False
        self._retired: list[Producer] = []
        self._producer = self._make()
        self.problem: str | None = "Kafka was not asked yet"
        self._thread = Thread(target=self._serve, name="acknowledgements", daemon=True)
        self._thread.start()

    async def send(self, messages: list[Keyed]) -> list[bool]:
        """Which of the messages the broker has, for sure. Raises nothing."""
        waiting = Waiting(len(messages))
        producer = self._producer
        sent = 0
        if self.problem is None:
            try:
                for key, value in messages:
                    told = partial(waiting.told, sent)
                    producer.produce(self._topic, value, key, on_delivery=told)
                    sent += 1
            except BufferError:
                pass
            except KafkaException as error:
                waiting.broken |= bool(error.args[0].fatal())
        found = await waiting.outcome(sent, self._ack_seconds)
        metrics.QUEUE_MESSAGES.set(len(producer))
        if waiting.broken:
            self._replace(producer)
        return found

    async def close(self) -> None:
        """Sends what still waits, for a bounded while."""
        await asyncio.to_thread(self._producer.flush, _CLOSE_SECONDS)
        self._stopping = True
        await asyncio.to_thread(self._thread.join)

    def _make(self) -> Producer:
        return Producer(
            common(self._settings)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": self._settings.collector_linger_ms,
                "queue.buffering.max.messages": self._settings.collector_queue_messages,
                "delivery.timeout.ms": self._settings.collector_ack_ms,
                "error_cb": self._on_error,
            }
        )

    def _replace(self, broken: Producer) -> None:
        if broken is self._producer:
            _log.warning("the Kafka client failed for good; it is replaced")
            self._producer = self._make()
            self._retired.append(broken)

    def _on_error(self, _: KafkaError) -> None:
        self._suspect = True

    def _serve(self) -> None:
        probed = 0.0
        while not self._stopping:
            self._producer.poll(_POLL_SECONDS)
            while self._retired:
                broken = self._retired.pop()
                broken.purge()
                broken.flush(_POLL_SECONDS)
            if (self._suspect or self.problem) and monotonic() - probed > _PROBE_SECONDS:
                self._suspect = False
                self._judge(self._probe())
                probed = monotonic()

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
