"""A run of one partition's log, read and judged: what is to be counted, and what never can be."""

from dataclasses import dataclass, field
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import Event
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be counted; `detail` names what is wrong, never a value."""

    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str


@dataclass(slots=True)
class Batch:
    """Parallel lists in offset order, one entry an event to be counted.

    `next_offset` is the first offset that the batch does not cover. `raw` keeps key and value of
    each event while the group has state, since the state may still make a dead letter of it.
    Of an event that only its type is asked of, `events` has nothing more. `newest` is the latest
    `occurred_at`, by spelling: producers of one topic write their offsets alike.
    `admitted`: the duplicates are out; `buried`: the dead letters are where they belong.
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
    admitted: bool = False
    buried: bool = False
    outcomes: dict[str, int] = field(default_factory=dict)

    def select(self, kept: list[int]) -> None:
        """Leaves only the events at these indices."""
        columns: list[list[Any]] = [self.offsets, self.day_hours, self.events, self.appended_ms]
        for column in [*columns, self.keys, self.ids, self.raw]:
            if len(column) != len(kept):
                column[:] = [column[i] for i in kept]

    def note(self, outcome: str, times: int = 1) -> None:
        """Counts messages that are handled without an effect: ignored, tombstones, duplicates."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + times
