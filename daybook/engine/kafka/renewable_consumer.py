"""A consumer that is replaced when a topic it knows is made again."""

from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import Consumer

log = structlog.get_logger()


class RenewableConsumer:
    """`current` is the consumer to use, until the next `renew`.

    A consumer keeps what it learned of a topic by the topic's name. Brokers count the changes of a
    partition's leader, from 0 in each incarnation; what they say of a new one with fewer changes
    looks outdated to a consumer that knew the old one. It goes on asking for a leader that is not
    there, and reads nothing, for ever and without an error.
    """

    def __init__(self, connect: Callable[[], Consumer]) -> None:
        self._connect = connect
        self._ids: dict[str, str] = {}
        self.current = connect()

    def renew(self, ids: Mapping[str, str]) -> bool:
        """Whether it had to be replaced, as it knew another incarnation of one of these topics.

        `ids`: each topic's present id. The new consumer has no subscription and no assignment.
        """
        again = [topic for topic, one in ids.items() if self._ids.get(topic, one) != one]
        if not again:
            self._ids |= ids
            return False
        log.info("client renewed", topics=again)
        self.current.close()
        self.current = self._connect()
        self._ids = dict(ids)
        return True
