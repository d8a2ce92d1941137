"""A member's progress: totals for its last log line, and metrics."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from time import time

from daybook.engine.batch import Batch
from daybook.engine.metrics import (
    ASSIGNED_PARTITIONS,
    BATCH_MESSAGES,
    BATCH_SECONDS,
    DUPLICATES,
    FRESHNESS_SECONDS,
    LAG_MESSAGES,
    MESSAGES_PROCESSED,
    MESSAGES_RECEIVED,
    MESSAGES_SKIPPED,
    REFUSED_CHANGES,
)
from daybook.engine.moment import parse_moment
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import Settled


class MemberProgress:
    """`totals` since the member started; `newest_event_at` is the newest event that it counted."""

    def __init__(self, group: str) -> None:
        self._group = group
        self.totals = Counter[str]()
        self.newest_event_at: datetime | None = None

    def settled(self, batch: Batch, settled: Settled, seconds: float) -> None:
        """Records that a batch is durable, `seconds` after its settling began."""
        group, topic = self._group, batch.partition.topic
        self.totals.update(
            received=batch.received,
            counted=len(batch.events),
            dead_letters=len(batch.dead),
            refused=settled.refused,
            replayed=settled.replayed,
            **batch.outcomes,
        )
        place = group, topic, str(batch.partition.number)
        MESSAGES_RECEIVED.labels(*place).inc(batch.received)
        MESSAGES_PROCESSED.labels(*place).inc(batch.received)
        for reason, times in batch.outcomes.items():
            MESSAGES_SKIPPED.labels(group, topic, reason).inc(times)
        duplicates = batch.outcomes.get("duplicate", 0) + settled.duplicates
        DUPLICATES.labels(group, topic).inc(duplicates)
        REFUSED_CHANGES.labels(group).inc(settled.refused)
        if batch.events:
            BATCH_MESSAGES.labels(group).observe(batch.received)
            BATCH_SECONDS.labels(group).observe(seconds)
            age_seconds = time() - batch.appended_ms[-1] / 1000
            FRESHNESS_SECONDS.labels(group).observe(max(0.0, age_seconds))
            self._update_newest(parse_moment(batch.newest).astimezone(UTC))

    def assigned(self, lags: Sequence[tuple[Partition, int]]) -> None:
        """Records the partitions assigned to the member now, each with its lag in messages."""
        ASSIGNED_PARTITIONS.labels(self._group).set(len(lags))
        LAG_MESSAGES.clear()
        for partition, lag in lags:
            LAG_MESSAGES.labels(self._group, partition.topic, str(partition.number)).set(lag)

    def _update_newest(self, moment: datetime) -> None:
        self.newest_event_at = max(self.newest_event_at or moment, moment)
