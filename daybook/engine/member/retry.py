"""Retries an action until its server answers, while polling keeps the member in its group."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog

from daybook.engine.errors import OutdatedClient, Unavailable
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.metrics import PAUSED, STORE_RETRIES

log = structlog.get_logger()

T = TypeVar("T")

_SECONDS_MIN = 0.1
_SECONDS_MAX = 2.0
_POLL_SECONDS = 0.05


class RetryCancelled(Exception):
    """The action is no longer wanted."""


class RetryLoop:
    """Calls `poll` while it waits, with all partitions paused, so that nothing is fetched.

    After `deadline` (in `monotonic()` seconds) it stops waiting.
    """

    def __init__(
        self, group: str, consumer: RenewableConsumer, poll: Callable[[float], None]
    ) -> None:
        self._group = group
        self._consumer = consumer
        self._poll = poll
        self.deadline = float("inf")
        self.waiting = False
        self._stop_logged = False
        self._paused = False

    def until_done(
        self, action: Callable[[], T], unwanted: Callable[[], bool] = lambda: False
    ) -> T:
        """Repeats the action while it raises Unavailable; returns its result.

        Raises RetryCancelled if `unwanted` returns true; Unavailable if the server still does not
        answer after the deadline, and OutdatedClient at once.
        """
        seconds = _SECONDS_MIN
        while True:
            try:
                result = action()
            except OutdatedClient:
                raise
            except Unavailable as error:
                if monotonic() > self.deadline:
                    raise
                self._wait(error, seconds)
                seconds = min(2 * seconds, _SECONDS_MAX)
                if unwanted():
                    self._resume()
                    raise RetryCancelled from error
            else:
                self._resume()
                return result

    def _wait(self, error: Unavailable, seconds: float) -> None:
        STORE_RETRIES.labels(self._group).inc()
        if not self.waiting:
            self.waiting = True
            PAUSED.labels(self._group).set(1)
            log.warning("waiting for a server", why=str(error))
        if self.deadline < float("inf") and not self._stop_logged:
            self._stop_logged = True
            log.info("stopping", seconds_left=round(self.deadline - monotonic()))
        end = monotonic() + seconds
        while monotonic() < end:
            self._poll_paused()

    def _poll_paused(self) -> None:
        self._paused = True
        consumer = self._consumer.current
        consumer.pause(consumer.assignment())
        self._poll(_POLL_SECONDS)

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._consumer.current.resume(self._consumer.current.assignment())
        if self.waiting:
            self.waiting = False
            PAUSED.labels(self._group).set(0)
            log.info("resumed")
