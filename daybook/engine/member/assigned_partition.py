"""A partition that this member has: what was read of it, and how far it is durable."""

from dataclasses import dataclass, field
from time import monotonic

from confluent_kafka import Message

from daybook.engine.batch import Batch
from daybook.engine.decode.decoder import Decoder
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import BatchHandler, Settled


@dataclass(slots=True)
class AssignedPartition:
    """`durable`: every effect below it is in the stores; `read`: where the next message is due."""

    partition: Partition
    decoder: Decoder
    settler: BatchHandler
    first: int
    durable: int
    read: int
    committed: int = -1
    lost: bool = False
    buffer: list[Message] = field(default_factory=list)
    buffered_bytes: int = 0
    oldest: float = 0.0
    batch: Batch | None = None

    def buffer_messages(self, messages: list[Message]) -> None:
        """Buffers messages in the log's order."""
        if not self.buffer:
            self.oldest = monotonic()
        self.buffer += messages
        self.buffered_bytes += sum(map(len, messages))
        self.read = max(self.read, (messages[-1].offset() or 0) + 1)

    def reached(self, end: int) -> None:
        """The log was read to its end: what lies between are control records."""
        self.read = max(self.read, end)

    @property
    def pending(self) -> bool:
        """Whether anything was read that is not settled, be it only for the duplicate window."""
        return self.batch is not None or bool(self.buffer) or self.read > self.durable

    def settle(self) -> tuple[Batch, Settled]:
        """Makes what is buffered durable. Raises Unavailable: then call again."""
        if self.batch is None:
            messages, self.buffer, self.buffered_bytes = self.buffer, [], 0
            self.batch = self.decoder.decode(messages, self.read)
        batch = self.batch
        settled = self.settler.settle(batch)
        self.durable = batch.next_offset
        self.batch = None
        return batch, settled
