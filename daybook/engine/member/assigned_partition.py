"""A partition that is assigned to this member: its buffer, and how far it is durable."""

from dataclasses import dataclass, field
from time import monotonic

from confluent_kafka import Message

from daybook.engine.batch import Batch
from daybook.engine.decode.decoder import Decoder
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import BatchHandler, Settled


@dataclass(slots=True)
class AssignedPartition:
    """`first`: the offset counting started at; `durable`: every effect below this offset is stored;
    `read`: the next offset to read; `saved`: the last checkpoint written or read, None if there is
    none; `committed`: the last offset committed, -1 if none; `lost`: whether the partition is no
    longer assigned; `oldest`: when the buffer got its first message (`monotonic()`); `batch`: the
    batch being settled."""

    partition: Partition
    decoder: Decoder
    settler: BatchHandler
    first: int
    durable: int
    read: int
    saved: int | None = None
    committed: int = -1
    lost: bool = False
    buffer: list[Message] = field(default_factory=list)
    buffered_bytes: int = 0
    oldest: float = 0.0
    batch: Batch | None = None

    def buffer_messages(self, messages: list[Message]) -> None:
        """Buffers messages, given in log order."""
        if not self.buffer:
            self.oldest = monotonic()
        self.buffer += messages
        self.buffered_bytes += sum(map(len, messages))
        self.read = max(self.read, (messages[-1].offset() or 0) + 1)

    def reached(self, end: int) -> None:
        """The log was read up to `end`: offsets without messages are control records."""
        self.read = max(self.read, end)

    @property
    def pending(self) -> bool:
        """Whether anything was read and not settled, even if only for the duplicate window."""
        return self.batch is not None or bool(self.buffer) or self.read > self.durable

    def settle(self) -> tuple[Batch, Settled]:
        """Makes the buffered messages durable. Raises Unavailable: then call again."""
        if self.batch is None:
            messages, self.buffer, self.buffered_bytes = self.buffer, [], 0
            self.batch = self.decoder.decode(messages, self.read)
        batch = self.batch
        settled = self.settler.settle(batch)
        self.durable = batch.next_offset
        self.batch = None
        return batch, settled
