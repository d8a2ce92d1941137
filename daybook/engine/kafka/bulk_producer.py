"""Sends many messages to a topic, and counts how many were delivered and how many failed."""

from confluent_kafka import KafkaError, KafkaException, Message, Producer

_POLL_EVERY = 1_000
_WAIT_SECONDS = 0.1
_GIVE_UP_SECONDS = 5.0


class BulkProducer:
    """`sent`, `delivered` and `failed` count messages; `why` is the first failure's reason.

    `broken`: the cluster is unavailable, or refuses this producer permanently, so that further
    messages would fail too.
    """

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self.sent = 0
        self.failed = 0
        self.why: str | None = None
        self.broken = False
        self.interrupted = False

    @property
    def delivered(self) -> int:
        """The messages that the brokers acknowledged."""
        return self.sent - self.failed - len(self._producer)

    def send(self, value: bytes, key: bytes | None) -> None:
        """Queues a message, waiting while the queue is full; failures are counted, not raised."""
        while not self.broken:
            try:
                self._producer.produce(self._topic, value, key, on_delivery=self._on_delivery)
            except BufferError:
                self._producer.poll(_WAIT_SECONDS)
                continue
            except KafkaException as error:
                self._fail(error.args[0])
            self.sent += 1
            break
        if self.sent % _POLL_EVERY == 0:
            self._producer.poll(0)

    def refuse(self, why: str) -> None:
        """Counts a message as failed without sending it."""
        self.sent += 1
        self.failed += 1
        self.why = self.why or why

    def interrupt(self) -> None:
        """Makes `send` and `finish` return soon; safe to call from a signal handler."""
        self.why = self.why or "interrupted"
        self.interrupted = self.broken = True

    def finish(self) -> None:
        """Waits until every message is delivered or failed."""
        while not self.broken and self._producer.flush(_WAIT_SECONDS):
            pass
        if self.broken:
            self._give_up()

    def _give_up(self) -> None:
        """Drops queued messages, and gives those in flight a while to be acknowledged."""
        self._producer.purge(in_flight=False)
        self._producer.flush(_GIVE_UP_SECONDS)
        self._producer.purge()
        self._producer.flush(_WAIT_SECONDS)

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._fail(error)

    def _fail(self, error: KafkaError) -> None:
        self.failed += 1
        self.why = self.why or error.str()
        if error.fatal() or error.code() in (KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_QUEUE):
            self.broken = True
