"""A member's work on one partition in memory: the real decoder and settler over a list."""

from dataclasses import dataclass, field
from typing import Any

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import Unavailable
from daybook.engine.group import Group
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import Send, Settler
from daybook.engine.store import Store
from tests.support.log import LogMessage

RULES = Rules("UTC", frozenset({"admin"}), duplicate_window=6)


@dataclass
class FakeDeadLetters:
    """Dead letters in memory, which survive the member."""

    dead: dict[tuple[str, int, int], tuple[str, str]] = field(default_factory=dict)

    def write(self, batch: Batch) -> None:
        for dead_letter in batch.dead:
            self.record(batch.partition, dead_letter)

    def record(self, partition: Partition, dead_letter: DeadLetter) -> None:
        position = partition.topic_id, partition.number, dead_letter.offset
        self.dead[position] = dead_letter.reason, dead_letter.detail

    def positions(self, partition: Partition, start: int) -> dict[int, tuple[str, str]]:
        return {
            offset: why
            for (topic_id, number, offset), why in self.dead.items()
            if (topic_id, number) == (partition.topic_id, partition.number) and offset >= start
        }


@dataclass
class Lane:
    """One partition for one group: its log, its checkpoint, its members."""

    partition: Partition
    log: list[LogMessage]
    checkpoint: int = 0
    members: list["Runner"] = field(default_factory=list)


class Runner:
    """A member's work on one partition, from the last checkpoint on."""

    def __init__(
        self,
        store: Store,
        dead_letters: FakeDeadLetters,
        group: Group,
        lane: Lane,
        definitions: Any = None,
        send: Send | None = None,
    ) -> None:
        window = DuplicateWindow(RULES.duplicate_window)
        self.lane = lane
        self.next = lane.checkpoint
        start = max(0, self.next - RULES.duplicate_window)
        dead = dead_letters.positions(lane.partition, start)
        fake: Any = dead_letters
        self.decoder = Decoder(
            group, lane.partition, Calendar(RULES.zone_info()), window, dead, self.next
        )
        prepare = group.preparer(definitions) if group.preparer else None
        self.settler = Settler(
            group, RULES, store, fake, window, prepare, send, lambda seconds: None
        )
        self.decoder.decode(_as_messages(lane.log[start : self.next]), self.next)

    def settle(self, messages: int) -> None:
        end = min(len(self.lane.log), self.next + messages)
        batch = self.decoder.decode(_as_messages(self.lane.log[self.next : end]), end)
        for _ in range(50):
            try:
                self.settler.settle(batch)
            except Unavailable:
                continue
            self.next = end
            return
        raise AssertionError("the batch was not settled after 50 attempts")


def _as_messages(log: list[LogMessage]) -> Any:
    return log
