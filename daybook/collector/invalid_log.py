"""Logs which fields of events were invalid, never their values, at most once per second."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

import structlog

from daybook.service.api_keys import Key

EVERY_SECONDS = 1.0
_log = structlog.get_logger()


class InvalidLog:
    """Counts invalid events by field, and logs the counts at most once per second."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._logged_at = float("-inf")
        self._fields: Counter[str] = Counter()
        self._events = 0

    def add(self, key: Key, errors: list[dict[str, str]]) -> None:
        self._events += 1
        self._fields.update(error["field"] for error in errors)
        if self._clock() - self._logged_at >= EVERY_SECONDS:
            _log.info(
                "invalid events",
                events=self._events,
                fields=dict(self._fields.most_common(20)),
                key=key.id,
                organization=key.organization_id,
            )
            self._logged_at = self._clock()
            self._events = 0
            self._fields.clear()
