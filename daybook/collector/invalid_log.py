"""Logs what is wrong with events: which fields, never what was in them, and not too often."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

import structlog

from daybook.service.api_keys import Key

EVERY_SECONDS = 1.0
_log = structlog.get_logger()


class Complaints:
    """Gathers the fields that were wrong, and tells them a line a second."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._told_at = float("-inf")
        self._fields: Counter[str] = Counter()
        self._events = 0

    def about(self, key: Key, wrong: list[dict[str, str]]) -> None:
        self._events += 1
        self._fields.update(one["field"] for one in wrong)
        if self._clock() - self._told_at >= EVERY_SECONDS:
            _log.info(
                "invalid events",
                events=self._events,
                fields=dict(self._fields.most_common(20)),
                key=key.id,
                organization=key.organization_id,
            )
            self._told_at = self._clock()
            self._events = 0
            self._fields.clear()
