"""One partition of one incarnation of a topic: what an offset is meaningful in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """`boundaries`: for each time partitions were added, the old partitions' ends at that moment.

    The topic's id tells its incarnations apart: deleted and made again, its offsets start anew.
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
        """The field of a document that holds the last offset applied from here."""
        return f"_daybook.applied.{self.topic_id}.{self.number}"

    @property
    def first(self) -> str:
        return f"_daybook.first.{self.topic_id}.{self.number}"

    def applied(self, document: Mapping[str, object]) -> int:
        """The last offset that a stored document has applied from here; -1 when none."""
        found: object = document
        for part in self.watermark.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found if isinstance(found, int) else -1

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"
