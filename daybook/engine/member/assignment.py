"""Which partitions this member has, as Kafka gives and takes them.

Callbacks only take note and let go; they never raise into the client. A partition that was given
is started by the loop, at an offset worked out from the checkpoint, so that a store that is away
delays it rather than breaks the rebalance.
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
    """`owned` are being read; `pending` were given and wait for their start offset.

    `before_revoke` is called with those that are about to go, while the member still has them.
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
        self.owned: dict[Place, AssignedPartition] = {}
        self.pending: set[Place] = set()
        self.failure: Exception | None = None
        self.changed = False

    def subscribe(self, topics: list[str]) -> None:
        """Has nothing until partitions are given."""
        self.pending.clear()
        self.owned.clear()
        self._consumer.current.subscribe(
            topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def start(self, owned: AssignedPartition, read_from: int) -> None:
        """Begins to read a pending partition at an explicit offset."""
        place = owned.partition.topic, owned.partition.number
        self._consumer.current.incremental_assign([TopicPartition(*place, read_from)])
        # A partition that was taken away while paused would stay so for ever.
        self._consumer.current.resume([TopicPartition(*place)])
        self.pending.discard(place)
        self.owned[place] = owned

    def restart(self, places: Iterable[Place]) -> None:
        """Stops reading and waits for a new start: the topic is another one than it was."""
        again = set(places)
        self._let_go(again)
        self.pending |= again

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            consumer.incremental_assign([])
            self.pending |= _places(partitions)
            self._note("assigned", partitions)
        except Exception as error:
            self.failure = error

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            going = [self.owned[p] for p in _places(partitions) if p in self.owned]
            self._before_revoke(going)
            self._let_go(_places(partitions))
            self._note("revoked", partitions)
        except Exception as error:
            self.failure = error

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._let_go(_places(partitions))
            self._note("lost", partitions)
        except Exception as error:
            self.failure = error

    def _let_go(self, places: set[Place]) -> None:
        """What was read and is not durable is dropped: its next owner reads it again."""
        self.pending -= places
        gone = [self.owned.pop(place) for place in places if place in self.owned]
        for owned in gone:
            owned.lost = True
        self._consumer.current.incremental_unassign(
            [TopicPartition(owned.partition.topic, owned.partition.number) for owned in gone]
        )

    def _note(self, kind: str, partitions: list[TopicPartition]) -> None:
        if partitions:
            self.changed = True
            REBALANCES.labels(self._group, kind).inc()
            log.info("partitions " + kind, partitions=sorted(map(_name, partitions)))


def _places(partitions: list[TopicPartition]) -> set[Place]:
    return {(p.topic, p.partition) for p in partitions}


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}[{partition.partition}]"
