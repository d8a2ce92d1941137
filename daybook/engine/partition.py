"""One partition of one topic incarnation: the scope in which an offset has a meaning."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """`boundaries`: for each time partitions were added, the old partitions' end offsets then.

    `topic_id` is Kafka's id of the topic incarnation: a topic that is deleted and recreated has a
    new id, and its offsets start at 0 again.
    """

    topic: str
    topic_id: str
    number: int
    boundaries: tuple[Mapping[int, int], ...] = ()

    def epoch(self, offset: int) -> int:
        """How many times partitions had been added when this offset was written."""
        return sum(offset >= ends.get(self.number, 0) for ends in self.boundaries)

    @property
    def watermark(self) -> str:
        """The path of the document field that holds the last offset applied from this partition."""
        return f"_daybook.applied.{self.topic_id}.{self.number}"

    @property
    def first(self) -> str:
        """The path of the document field that holds the first offset applied from it."""
        return f"_daybook.first.{self.topic_id}.{self.number}"

    def applied(self, document: Mapping[str, object]) -> int:
        """The last offset that a stored document has applied from this partition; -1 if none."""
        value: object = document
        for part in self.watermark.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value if isinstance(value, int) else -1

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"
