"""The topics that a group reads: sources of events, and definitions that apply to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from daybook.engine.documents.fields import Event
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class Source:
    """A topic, the type of its events, and the function that gives a message's required key."""

    topic: str
    events: TypeAdapter[Any]
    key_of: Callable[[Event], str]


class Definition(NamedTuple):
    """A definition in the log, in force from `appended_ms` on (the broker's clock)."""

    partition: Partition
    offset: int
    appended_ms: int
    event: Event

    @property
    def reference(self) -> str:
        """Its position in the log, as stored in states and rows."""
        return f"{self.partition.topic_id}:{self.partition.number}:{self.offset}"
