"""A consumer that is replaced when one of its topics is recreated."""

from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import Consumer

log = structlog.get_logger()


class RenewableConsumer:
    """`current` is the consumer to use until the next call of `renew`.

    librdkafka caches metadata by topic name. Leader epochs start at 0 in each incarnation of a
    topic, so the metadata of a recreated topic with a lower epoch looks outdated to a consumer that
    knew the old one. That consumer keeps looking for the old leader, and never reads a message nor
    reports an error.
    """

    def __init__(self, connect: Callable[[], Consumer]) -> None:
        self._connect = connect
        self._ids: dict[str, str] = {}
        self.current = connect()

    def renew(self, ids: Mapping[str, str]) -> bool:
        """Replaces the consumer if it knew another incarnation of one of these topics.

        `ids` are the topics' current ids. Returns whether it was replaced: the new consumer has no
        subscription and no assignment.
        """
        recreated = [topic for topic, id_ in ids.items() if self._ids.get(topic, id_) != id_]
        if not recreated:
            self._ids |= ids
            return False
        log.info("Kafka client replaced", topics=recreated)
        self.current.close()
        self.current = self._connect()
        self._ids = dict(ids)
        return True
