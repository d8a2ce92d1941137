"""Stops sending in order on Ctrl-C and SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Interruptible(Protocol):
    def interrupt(self) -> None:
        """Lets sending end soon. Safe to call from a signal handler."""


@contextmanager
def interruptible(sender: Interruptible) -> Iterator[None]:
    """Ctrl-C and SIGTERM call `sender.interrupt()`, because an exception must not be raised in
    a callback of the Kafka client."""

    def stop(number: int, _: FrameType | None) -> None:
        sender.interrupt()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
