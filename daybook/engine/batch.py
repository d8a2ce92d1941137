"""A batch: decoded messages of one partition, split into events to count and dead letters."""

import traceback
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Self

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import Event
from daybook.engine.errors import Poison
from daybook.engine.partition import Partition

FAULT = "fault"
"""The reason of a message at which the code itself raised an exception."""

TRACE_FRAMES_MAX = 20
"""The innermost frames of a trace that are kept: the place of the fault, and who called it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that can never be counted; `detail` says what is wrong, without quoting values.

    `trace`: where the code raised an exception, if that is why.
    """

    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str
    trace: str = ""

    @classmethod
    def of(cls, offset: int, key: bytes | None, value: bytes | None, error: Exception) -> Self:
        """The dead letter of a message at which this exception was raised.

        Of an exception other than Poison it keeps the kind and the frames, since the text of the
        exception may quote the message.
        """
        if isinstance(error, Poison):
            return cls(offset, key, value, error.reason, error.detail)
        frames = traceback.format_tb(error.__traceback__, limit=-TRACE_FRAMES_MAX)
        return cls(offset, key, value, FAULT, type(error).__name__, "".join(frames))


@dataclass(slots=True)
class Batch:
    """Parallel lists in offset order, one entry for each event to count.

    `next_offset` is the first offset after the batch. `raw` keeps each message's key and value if
    the group does not count by type alone, because the message may still become a dead letter. An
    entry of `events` holds only the event type if no counter needs more. `newest` is the greatest
    `occurred_at`, compared as text: producers of one topic write the same UTC offset.
    `dead_letters_written`: how many of the dead letters are recorded and produced. `received`
    counts the messages at or above the start offset.
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
    dead_letters_written: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def select(self, kept: list[int]) -> None:
        """Keeps only the events at these indices, in the order given."""
        for column in self._columns():
            if column and len(column) != len(kept):
                column[:] = [column[i] for i in kept]

    def subset(self, kept: list[int]) -> "Batch":
        """A batch of the events at these indices, in the order given, without dead letters."""
        offsets, day_hours, events, appended_ms, keys, ids, raw = (
            [column[i] for i in kept if column] for column in self._columns()
        )
        return replace(
            self,
            offsets=offsets,
            day_hours=day_hours,
            events=events,
            keys=keys,
            ids=ids,
            appended_ms=appended_ms,
            raw=raw,
            dead=[],
            outcomes={},
        )

    def bury(self, errors: Collection[tuple[int, Exception]]) -> None:
        """Makes dead letters of the events at these indices, each with the exception it caused."""
        if not errors:
            return
        for index, error in errors:
            dead_letter = DeadLetter.of(self.offsets[index], *self.raw[index], error)
            self.dead.append(dead_letter)
        buried = {index for index, _ in errors}
        self.select([index for index in range(len(self.offsets)) if index not in buried])

    def _columns(self) -> list[list[Any]]:
        """The parallel lists; keys and ids are empty if the group has no state."""
        columns: list[list[Any]] = [self.offsets, self.day_hours, self.events, self.appended_ms]
        return [*columns, self.keys, self.ids, self.raw]

    def count_outcome(self, outcome: str, times: int = 1) -> None:
        """Counts messages that have no effect: ignored, tombstones, duplicates, other's replays."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + times
