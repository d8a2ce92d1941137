"""The topics a group reads: its events, and the definitions that apply to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from daybook.engine.documents.fields import Event
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class Source:
    """A topic, how its messages are read, and the key that each must have."""

    topic: str
    events: TypeAdapter[Any]
    key_of: Callable[[Event], str]


class Definition(NamedTuple):
    """`appended_ms` says from when on it is in force, by the broker's clock."""

    partition: Partition
    offset: int
    appended_ms: int
    event: Event

    @property
    def reference(self) -> str:
        return f"{self.partition.topic_id}:{self.partition.number}:{self.offset}"
