"""A topic as it was at one moment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One incarnation of a topic: per partition, its first offset and the one after its last.

    `ends` are the ends for a consumer with isolation level read_committed.
    """

    name: str
    id: str
    starts: dict[int, int]
    ends: dict[int, int]

    @property
    def messages(self) -> int:
        """The number of offsets between its starts and ends."""
        return sum(max(0, self.ends[number] - start) for number, start in self.starts.items())
