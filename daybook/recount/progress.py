"""How far a group has counted, and the gaps that it left."""

from dataclasses import dataclass

from daybook.recount.recounted import Marks


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets `first` to before `end` that were never counted; an operator accepted the loss."""

    topic: str
    topic_id: str
    partition: int
    first: int
    end: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]: offsets {self.first} to {self.end - 1}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a group has counted, from its checkpoints."""

    next_offsets: Marks
    """Per partition, the offset after the last one counted."""
    firsts: Marks
    """Per partition, the first offset counted."""
