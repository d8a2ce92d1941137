"""Publishes simulated messages in their order, at a given rate."""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic, sleep

from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.simulate.message import DEFINITIONS, TRACKING, Message
from daybook.simulate.parts import parts

DEFINITION_GAP_SECONDS = 0.01
"""A pause before each part, so that its definitions have a later append time than the last part."""
_PAUSE_SECONDS_MAX = 0.05

Progress = Callable[[int], None]
"""Called with the number of tracking events sent so far."""


class Publisher:
    """Sends messages by one producer per topic, at most `rate` tracking events per second.

    A part's definitions are acknowledged after all messages of the previous part, and before the
    other messages of their part are sent. `began` and `ended` are seconds of the monotonic clock.
    """

    def __init__(
        self, producers: Mapping[str, BulkProducer], rate: float | None, progress: Progress
    ) -> None:
        self._producers = producers
        self._rate = rate
        self._progress = progress
        self._tracked = 0
        self.began = self.ended = monotonic()

    def publish(self, messages: Iterable[Message]) -> None:
        """Returns once every message was acknowledged or has failed, or a producer is broken."""
        for part in parts(messages):
            self._flush()
            sleep(DEFINITION_GAP_SECONDS)
            in_definitions = True
            for message in part:
                if in_definitions and message.topic not in DEFINITIONS:
                    in_definitions = False
                    self._flush()
                if self.broken:
                    break
                self._send(message)
            if self.broken:
                break
        self._flush()
        self.ended = monotonic()

    @property
    def broken(self) -> bool:
        return any(bulk.broken for bulk in self._producers.values())

    @property
    def why(self) -> str | None:
        """The error of the first producer that has one."""
        return next((bulk.why for bulk in self._producers.values() if bulk.why), None)

    def interrupt(self) -> None:
        """Lets `publish` return soon; safe to call from a signal handler."""
        for bulk in self._producers.values():
            bulk.interrupt()

    def _send(self, message: Message) -> None:
        if message.topic == TRACKING:
            self._tracked += 1
            self._wait_for_rate()
            self._progress(self._tracked)
        self._producers[message.topic].send(message.value, message.key.encode())

    def _wait_for_rate(self) -> None:
        due = self.began + (self._tracked / self._rate if self._rate else 0.0)
        while (left := due - monotonic()) > 0 and not self.broken:
            sleep(min(left, _PAUSE_SECONDS_MAX))

    def _flush(self) -> None:
        for bulk in self._producers.values():
            bulk.finish()
