"""What a recount finds in the log: sums of documents, keys of sketches, and their offsets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Position = tuple[str, int]
"""A topic's id and a partition's number."""
Marks = dict[Position, int]
"""One offset per partition: the last one that counts, unless noted otherwise."""
Name = tuple[str, str]
"""A collection and a document's `_id`."""


@dataclass(slots=True)
class Recounted:
    """What the log says about one document.

    `sums` by path; for a path that holds a name, the greatest name that was given. `spans`: per
    partition, the first and the last offset that the sums come from.
    """

    sums: dict[str, Any] = field(default_factory=dict)
    spans: dict[Position, tuple[int, int]] = field(default_factory=dict)


class Key(NamedTuple):
    """A visitor that a sketch must hold (`is_due`) or may hold, and the partition they came from.

    `sketch` is the `_id` of its documents without topic id and partition.
    """

    sketch: str
    owner: str
    topic_id: str
    partition: int
    is_due: bool


Document = dict[str, Any]


def marks(document: Mapping[str, object], which: str) -> Marks:
    """By partition, a stored document's watermarks (`applied`) or its first offsets (`first`)."""
    bookkeeping = document.get("_daybook")
    by_topic = bookkeeping.get(which) if isinstance(bookkeeping, Mapping) else None
    offsets: Marks = {}
    for topic_id, by_partition in by_topic.items() if isinstance(by_topic, Mapping) else ():
        for number, offset in by_partition.items() if isinstance(by_partition, Mapping) else ():
            if str(number).isdigit() and isinstance(offset, int | float):
                offsets[topic_id, int(number)] = int(offset)
    return offsets
