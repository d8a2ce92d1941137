"""The partitions that Kafka assigns to this member and revokes from it.

The callbacks only record changes and release partitions; they never raise into the Kafka client.
The member's loop starts an assigned partition, at an offset computed from the checkpoint, so that a
store that is unavailable delays the start instead of breaking the rebalance.
"""

from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, TopicPartition

from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.metrics import REBALANCES

log = structlog.get_logger()

Place = tuple[str, int]
"""A topic and a partition's number."""


class Assignment:
    """`assigned` partitions are being read; `pending` ones wait for their start offset.

    `before_revoke` is called with partitions that are about to be revoked.
    """

    def __init__(
        self,
        group: str,
        consumer: RenewableConsumer,
        before_revoke: Callable[[list[AssignedPartition]], None],
    ) -> None:
        self._group = group
        self._consumer = consumer
        self._before_revoke = before_revoke
        self.assigned: dict[Place, AssignedPartition] = {}
        self.pending: set[Place] = set()
        self.failure: Exception | None = None
        self.changed = False

    def subscribe(self, topics: list[str]) -> None:
        """Subscribes to the topics, and starts without any partition."""
        self.pending.clear()
        self.assigned.clear()
        self._consumer.current.subscribe(
            topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def start(self, partition: AssignedPartition, read_from: int) -> None:
        """Begins to read a pending partition at an explicit offset."""
        place = partition.partition.topic, partition.partition.number
        self._consumer.current.incremental_assign([TopicPartition(*place, read_from)])
        # A partition that was revoked while paused would stay paused for ever.
        self._consumer.current.resume([TopicPartition(*place)])
        self.pending.discard(place)
        self.assigned[place] = partition

    def restart(self, places: Iterable[Place]) -> None:
        """Stops reading partitions of a recreated topic until they are started again."""
        restarted = set(places)
        self._release(restarted)
        self.pending |= restarted

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            consumer.incremental_assign([])
            self.pending |= _places(partitions)
            self._log_rebalance("assigned", partitions)
        except Exception as error:
            self.failure = error

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            revoked = [self.assigned[p] for p in _places(partitions) if p in self.assigned]
            self._before_revoke(revoked)
            self._release(_places(partitions))
            self._log_rebalance("revoked", partitions)
        except Exception as error:
            self.failure = error

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._release(_places(partitions))
            self._log_rebalance("lost", partitions)
        except Exception as error:
            self.failure = error

    def _release(self, places: set[Place]) -> None:
        """Drops partitions with their messages that are not durable: the next owner reads these."""
        self.pending -= places
        released = [self.assigned.pop(place) for place in places if place in self.assigned]
        for one in released:
            one.lost = True
        self._consumer.current.incremental_unassign(
            [TopicPartition(one.partition.topic, one.partition.number) for one in released]
        )

    def _log_rebalance(self, kind: str, partitions: list[TopicPartition]) -> None:
        if partitions:
            self.changed = True
            REBALANCES.labels(self._group, kind).inc()
            log.info("partitions " + kind, partitions=sorted(map(_name, partitions)))


def _places(partitions: list[TopicPartition]) -> set[Place]:
    return {(p.topic, p.partition) for p in partitions}


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}[{partition.partition}]"
