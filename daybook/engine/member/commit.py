"""Commits progress: the checkpoint to MongoDB first, then the offset to Kafka."""

from collections.abc import Collection

import structlog
from confluent_kafka import KafkaException, TopicPartition

from daybook.engine.failpoints import reach
from daybook.engine.kafka.offsets import metadata
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.metrics import OFFSET_COMMITS
from daybook.engine.protocol.checkpoints import Checkpoint, Checkpoints

log = structlog.get_logger()


class Committer:
    """Commits the progress of one member."""

    def __init__(
        self, group: str, fleet: str, consumer: RenewableConsumer, checkpoints: Checkpoints
    ) -> None:
        self._group = group
        self._fleet = fleet
        self._consumer = consumer
        self._checkpoints = checkpoints

    def commit(self, partitions: Collection[AssignedPartition]) -> None:
        """Commits what is durable and not committed yet. Raises Unavailable if MongoDB is, and
        StartAgain if a checkpoint is lower than the last one written.

        A commit that Kafka refuses is only logged: the messages may be read again, and their
        effects are then found to be stored.
        """
        ahead = [(one, one.durable) for one in partitions if one.durable > one.committed]
        if not ahead:
            return
        reach("before_checkpoint")
        self._checkpoints.save(
            Checkpoint(one.partition, one.first, durable, one.saved) for one, durable in ahead
        )
        for one, durable in ahead:
            one.saved = max(one.saved or 0, durable)
        reach("before_commit")
        offsets = [
            TopicPartition(
                one.partition.topic,
                one.partition.number,
                durable,
                metadata(self._fleet, one.partition.topic_id),
            )
            for one, durable in ahead
        ]
        try:
            results = self._consumer.current.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            OFFSET_COMMITS.labels(self._group, "failed").inc()
            log.warning("commit refused", why=error.args[0].str())
            return
        # The client raises only if every partition is refused.
        refused = {(a.topic, a.partition): a.error.str() for a in results or () if a.error}
        OFFSET_COMMITS.labels(self._group, "failed" if refused else "done").inc()
        if refused:
            log.warning("commit refused", why=min(refused.values()), partitions=len(refused))
        for one, durable in ahead:
            if (one.partition.topic, one.partition.number) not in refused:
                one.committed = durable
        reach("after_commit")
