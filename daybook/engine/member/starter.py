"""Prepares an assigned partition for counting."""

from collections.abc import Collection

import structlog
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import conditions
from daybook.engine.group import Group
from daybook.engine.kafka.admin import topic_ids
from daybook.engine.kafka.clients import REQUEST_SECONDS, kafka_required
from daybook.engine.kafka.offsets import (
    Commit,
    LogBounds,
    check_commit,
    is_own,
    start_offset,
    went_back,
)
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.assignment import Place
from daybook.engine.member.handlers import Handlers
from daybook.engine.metrics import DATABASE_WENT_BACK
from daybook.engine.partition import Partition
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.fleet import Fleet

log = structlog.get_logger()


class PartitionStarter:
    """Finds where to continue a partition, and builds its decoder and batch handler."""

    def __init__(
        self,
        group: Group,
        rules: Rules,
        fleet: Fleet,
        checkpoints: Checkpoints,
        dead_letters: DeadLetters,
        admin: AdminClient,
        handlers: Handlers,
    ) -> None:
        self._group = group
        self._rules = rules
        self._fleet = fleet
        self._checkpoints = checkpoints
        self._dead_letters = dead_letters
        self._admin = admin
        self._handlers = handlers
        self._calendar = Calendar(rules.zone_info())
        self._try_conditions = conditions(group.documents, rules)

    def forget(self) -> bool:
        """Drops what the handlers remember; returns as `Handlers.forget` does."""
        return self._handlers.forget()

    def topic_ids(self) -> dict[str, str]:
        """The current ids of the group's topics. Raises Unavailable."""
        return topic_ids(self._admin, self._group.topics)

    def check_commits(self, consumer: Consumer) -> None:
        """Raises FleetMismatch if another fleet commits for this group, and Unavailable."""
        with kafka_required():
            known = self._admin.list_topics(timeout=REQUEST_SECONDS).topics
            places = [
                TopicPartition(topic, number)
                for topic in self._group.topics
                if topic in known
                for number in known[topic].partitions
            ]
            committed = consumer.committed(places, timeout=REQUEST_SECONDS) if places else []
        for one in committed:
            check_commit(one.topic, self._fleet.id, Commit(one.offset, one.metadata))

    def commits(self, consumer: Consumer, places: Collection[Place]) -> dict[Place, Commit]:
        """The group's commit for each partition; one request for all, since each takes a while.

        Raises Unavailable.
        """
        partitions = [TopicPartition(*place) for place in places]
        with kafka_required():
            committed = consumer.committed(partitions, timeout=REQUEST_SECONDS)
        return {(c.topic, c.partition): Commit(c.offset, c.metadata) for c in committed}

    def open(
        self, consumer: Consumer, place: Place, topic_id: str, commit: Commit
    ) -> tuple[AssignedPartition, int]:
        """The partition, and the offset to read from: one duplicate window before the start offset.

        A commit above the checkpoint shows that the database was restored: counting continues from
        the checkpoint. Raises Gap, FleetMismatch and Unavailable.
        """
        topic, number = place
        partition = Partition(topic, topic_id, number, self._checkpoints.boundaries(topic_id))
        checkpoint = self._checkpoints.find(partition)
        bounds = self._bounds(consumer, place)
        if went_back(partition, self._fleet.id, checkpoint, commit):
            DATABASE_WENT_BACK.labels(self._group.name).inc()
            log.warning(
                "the database went back",
                partition=str(partition),
                **{"from": commit.offset, "to": bounds.low if checkpoint is None else checkpoint},
            )
        start = start_offset(partition, self._fleet.id, checkpoint, commit, bounds)
        read_from = max(bounds.low, start - self._rules.duplicate_window)
        window = DuplicateWindow(self._rules.duplicate_window)
        dead = self._dead_letters.positions(partition, read_from)
        is_committed = is_own(commit, partition, self._fleet.id) and commit.offset == start
        assigned = AssignedPartition(
            partition,
            Decoder(
                self._group, partition, self._calendar, window, dead, start, self._try_conditions
            ),
            self._handlers.make(window),
            first=start,
            durable=start,
            read=start,
            saved=checkpoint,
            committed=start if is_committed and checkpoint == start else -1,
        )
        return assigned, read_from

    @staticmethod
    def _bounds(consumer: Consumer, place: Place) -> LogBounds:
        with kafka_required():
            bounds = consumer.get_watermark_offsets(TopicPartition(*place), timeout=REQUEST_SECONDS)
        return LogBounds(*bounds)
