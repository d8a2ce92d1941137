"""A batch: decoded messages of one partition, split into events to count and dead letters."""

from dataclasses import dataclass, field
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import Event
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that can never be counted; `detail` says what is wrong, without quoting values."""

    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str


@dataclass(slots=True)
class Batch:
    """Parallel lists in offset order, one entry for each event to count.

    `next_offset` is the first offset after the batch. `raw` keeps each message's key and value if
    the group has state, because the key's state may still make the message a dead letter. An
    entry of `events` holds only the event type if no counter needs more. `newest` is the greatest
    `occurred_at`, compared as text: producers of one topic write the same UTC offset.
    `deduplicated`: duplicates have been removed; `dead_letters_written`: the dead letters are
    recorded and produced. `received` counts the messages at or above the start offset.
    """

    partition: Partition
    next_offset: int
    offsets: list[int] = field(default_factory=list)
    day_hours: list[DayHour] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    appended_ms: list[int] = field(default_factory=list)
    raw: list[tuple[bytes | None, bytes | None]] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    received: int = 0
    newest: str = ""
    deduplicated: bool = False
    dead_letters_written: bool = False
    outcomes: dict[str, int] = field(default_factory=dict)

    def select(self, kept: list[int]) -> None:
        """Keeps only the events at these indices, in the order given."""
        columns: list[list[Any]] = [self.offsets, self.day_hours, self.events, self.appended_ms]
        for column in [*columns, self.keys, self.ids, self.raw]:
            if len(column) != len(kept):
                column[:] = [column[i] for i in kept]

    def count_outcome(self, outcome: str, times: int = 1) -> None:
        """Counts messages that have no effect: ignored, tombstones, duplicates, other's replays."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + times
