"""Sending that ends in order when it is told to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Interrupts(Protocol):
    def interrupt(self) -> None:
        """Safe to call from a signal handler."""


@contextmanager
def interruptible(sending: Interrupts) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the sending in order: nothing may raise in the client's callbacks."""

    def stop(number: int, _: FrameType | None) -> None:
        sending.interrupt()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
