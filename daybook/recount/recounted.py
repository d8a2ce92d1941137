"""What a replay tells of the log: sums of documents, keys of sketches, and where they come from."""

from collections.abc import Mapping
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


Document = dict[str, Any]


def marks(document: Mapping[str, object], which: str) -> Marks:
    """The offsets a stored document has `applied`, or the `first` it had, by partition."""
    own = document.get("_daybook")
    by_topic = own.get(which) if isinstance(own, dict) else None
    found: Marks = {}
    for topic_id, by_partition in by_topic.items() if isinstance(by_topic, dict) else ():
        for number, offset in by_partition.items() if isinstance(by_partition, dict) else ():
            if str(number).isdigit() and isinstance(offset, int | float):
                found[topic_id, int(number)] = int(offset)
    return found
