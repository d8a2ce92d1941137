"""Publishes simulated messages in their order, as fast as wished."""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic, sleep

from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.simulate.message import DEFINITIONS, TRACKING, Message
from daybook.simulate.parts import parts

APART_SECONDS = 0.01
"""Between what was appended before a definition and the definition, so that its time is later."""
_NAP_SECONDS = 0.05

Progress = Callable[[int], None]
"""Told how many tracking events are sent by now."""


class Publisher:
    """Sends to each topic by its own sender. `rate`: tracking events a second at most.

    What a part defines is in the log before the rest of the part is sent, and after all of the
    part before. `began` and `ended` are seconds of the monotonic clock.
    """

    def __init__(
        self, senders: Mapping[str, BulkProducer], rate: float | None, progress: Progress
    ) -> None:
        self._senders = senders
        self._rate = rate
        self._progress = progress
        self._tracked = 0
        self.began = self.ended = monotonic()

    def publish(self, messages: Iterable[Message]) -> None:
        """Returns once the fate of every message is known, or a sender is broken."""
        for part in parts(messages):
            self._settle()
            sleep(APART_SECONDS)
            defining = True
            for message in part:
                if defining and message.topic not in DEFINITIONS:
                    defining = False
                    self._settle()
                if self.broken:
                    break
                self._send(message)
            if self.broken:
                break
        self._settle()
        self.ended = monotonic()

    @property
    def broken(self) -> bool:
        return any(sender.broken for sender in self._senders.values())

    @property
    def why(self) -> str | None:
        """The first failure found."""
        return next((sender.why for sender in self._senders.values() if sender.why), None)

    def interrupt(self) -> None:
        """Lets `publish` end soon; safe to call from a signal handler."""
        for sender in self._senders.values():
            sender.interrupt()

    def _send(self, message: Message) -> None:
        if message.topic == TRACKING:
            self._tracked += 1
            self._pace()
            self._progress(self._tracked)
        self._senders[message.topic].send(message.value, message.key.encode())

    def _pace(self) -> None:
        due = self.began + (self._tracked / self._rate if self._rate else 0.0)
        while (left := due - monotonic()) > 0 and not self.broken:
            sleep(min(left, _NAP_SECONDS))

    def _settle(self) -> None:
        for sender in self._senders.values():
            sender.finish()
