"""Waiting for a server to come back: nothing is fetched, and the place in the group is kept."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog
from confluent_kafka import Consumer

from engine.errors import Unavailable
from engine.metrics import PAUSED, STORE_RETRIES

log = structlog.get_logger()

T = TypeVar("T")

_SECONDS_MIN = 0.1
_SECONDS_MAX = 2.0
_POLL_SECONDS = 0.05


class Abandoned(Exception):
    """What was waited for is not wanted any more."""


class Patience:
    """`poll` is called all the while; after `deadline` (monotonic seconds) waiting is over."""

    def __init__(self, group: str, consumer: Consumer, poll: Callable[[float], None]) -> None:
        self._group = group
        self._consumer = consumer
        self._poll = poll
        self.deadline = float("inf")
        self.waiting = False
        self._told = False

    def until_done(
        self, action: Callable[[], T], unwanted: Callable[[], bool] = lambda: False
    ) -> T:
        """What the action returns, however long its server is away.

        Raises Abandoned once `unwanted` says so, and Unavailable after the deadline.
        """
        seconds = _SECONDS_MIN
        while True:
            try:
                result = action()
            except Unavailable as error:
                if monotonic() > self.deadline:
                    raise
                self._wait(error, seconds)
                seconds = min(2 * seconds, _SECONDS_MAX)
                if unwanted():
                    self._go_on()
                    raise Abandoned from error
            else:
                self._go_on()
                return result

    def _wait(self, error: Unavailable, seconds: float) -> None:
        STORE_RETRIES.labels(self._group).inc()
        if not self.waiting:
            self.waiting = True
            PAUSED.labels(self._group).set(1)
            log.warning("waiting", why=str(error))
        if self.deadline < float("inf") and not self._told:
            self._told = True
            log.info("stopping", seconds_left=round(self.deadline - monotonic()))
        end = monotonic() + seconds
        while monotonic() < end:
            self._consumer.pause(self._consumer.assignment())
            self._poll(_POLL_SECONDS)

    def _go_on(self) -> None:
        if self.waiting:
            self.waiting = False
            PAUSED.labels(self._group).set(0)
            self._consumer.resume(self._consumer.assignment())
            log.info("going on")
