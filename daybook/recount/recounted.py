"""What a replay tells of the log: sums of documents, keys of sketches, and where they come from."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Position = tuple[str, int]
"""A topic's id and a partition's number."""
Marks = dict[Position, int]
"""An offset a partition: the last one that counts, unless said otherwise."""
Name = tuple[str, str]
"""A collection and a document's `_id`."""


@dataclass(slots=True)
class Recounted:
    """What the log says of one document: sums by path, and the span of offsets they come from.

    At the path of a name stands the greatest of those that were given.
    """

    sums: dict[str, Any] = field(default_factory=dict)
    spans: dict[Position, tuple[int, int]] = field(default_factory=dict)


class Key(NamedTuple):
    """Somebody whom a sketch must hold, if `is_due`, or may hold; and the partition he came from.

    `sketch` is the `_id` of its documents without topic id and partition.
    """

    sketch: str
    owner: str
    topic_id: str
    partition: int
    is_due: bool
