"""Makes progress known: the checkpoint in the database first, then Kafka's offset."""

from collections.abc import Collection

import structlog
from confluent_kafka import KafkaException, TopicPartition

from engine.checkpoints import Checkpoint, Checkpoints
from engine.client import Client
from engine.failpoint import reach
from engine.metrics import OFFSET_COMMITS
from engine.owned import Owned
from engine.start import metadata

log = structlog.get_logger()


class Committer:
    def __init__(self, group: str, fleet: str, client: Client, checkpoints: Checkpoints) -> None:
        self._group = group
        self._fleet = fleet
        self._client = client
        self._checkpoints = checkpoints

    def commit(self, owned: Collection[Owned]) -> None:
        """Commits what is durable and not committed yet. Raises Unavailable for the checkpoint.

        Kafka's refusal is not an error: whoever counts the messages again finds them counted.
        """
        ahead = [(one, one.durable) for one in owned if one.durable > one.committed]
        if not ahead:
            return
        reach("before_checkpoint")
        self._checkpoints.save(Checkpoint(o.partition, o.first, durable) for o, durable in ahead)
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
            answers = self._client.now.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            OFFSET_COMMITS.labels(self._group, "failed").inc()
            log.warning("commit refused", why=error.args[0].str())
            return
        # Kafka's client raises only when every partition is refused.
        refused = {(a.topic, a.partition): a.error.str() for a in answers or () if a.error}
        OFFSET_COMMITS.labels(self._group, "failed" if refused else "done").inc()
        if refused:
            log.warning("commit refused", why=min(refused.values()), partitions=len(refused))
        for one, durable in ahead:
            if (one.partition.topic, one.partition.number) not in refused:
                one.committed = durable
        reach("after_commit")
