"""What a message sends to a topic of the group's own, beside what it counts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from daybook.engine.partition import Partition


class Outgoing(NamedTuple):
    """An item for a partition of the group's feed.

    It is acknowledged by Kafka before the state of its key is written. It may be sent again, always
    after the items of earlier messages of its partition: whoever reads the feed skips what it has.
    """

    partition: int
    item: Any


class Feed(NamedTuple):
    """The topic that a group sends items to.

    `pack` gives the values of the messages that hold items of one source partition, each with the
    offset of the message it comes from, in order. `reached` is the collection that tells how far
    they are taken: for each partition of the topic, by its number, the topic's id and the `next`
    offset.
    """

    topic: str
    pack: Callable[[Partition, Sequence[tuple[int, Any]]], Iterable[bytes]]
    reached: str
