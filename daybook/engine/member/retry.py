"""Waiting for a server to come back: nothing is fetched, and the place in the group is kept."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog

from daybook.engine.errors import InProgress, Unavailable
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.metrics import PAUSED, STORE_RETRIES

log = structlog.get_logger()

T = TypeVar("T")

_SECONDS_MIN = 0.1
_SECONDS_MAX = 2.0
_POLL_SECONDS = 0.05


class RetryCancelled(Exception):
    """What was waited for is not wanted any more."""


class RetryLoop:
    """`poll` is called all the while; after `deadline` (monotonic seconds) waiting is over.

    `tick` is called while work is under way: the member lives, and may say so.
    """

    def __init__(
        self,
        group: str,
        consumer: RenewableConsumer,
        poll: Callable[[float], None],
        tick: Callable[[], None],
    ) -> None:
        self._group = group
        self._consumer = consumer
        self._poll = poll
        self._tick = tick
        self.deadline = float("inf")
        self.waiting = False
        self._told = False
        self._paused = False

    def until_done(
        self, action: Callable[[], T], unwanted: Callable[[], bool] = lambda: False
    ) -> T:
        """What the action returns, however long its server is away or its work takes.

        Raises Abandoned once `unwanted` says so, or for work that is under way still after the
        deadline; and Unavailable for a server that is away by then.
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
                    raise RetryCancelled from error
            except InProgress as work:
                self._poll_paused()
                self._tick()
                if unwanted() or monotonic() > self.deadline:
                    self._go_on()
                    raise RetryCancelled from work
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
            self._poll_paused()

    def _poll_paused(self) -> None:
        self._paused = True
        consumer = self._consumer.current
        consumer.pause(consumer.assignment())
        self._poll(_POLL_SECONDS)

    def _go_on(self) -> None:
        if self._paused:
            self._paused = False
            self._consumer.current.resume(self._consumer.current.assignment())
        if self.waiting:
            self.waiting = False
            PAUSED.labels(self._group).set(0)
            log.info("going on")
