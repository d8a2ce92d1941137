"""What a member buffers of a partition, and when it drops it."""

from typing import Any

from consumers import order_funnel
from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import Settler
from tests.fakes.memory_store import MemoryStore
from tests.support.log import LogMessage
from tests.support.runner import RULES, FakeDeadLetters
from tests.support.shop import Shop

HERE = Partition("sc.domain.order", "topic-id", 0)


def assigned(start: int) -> AssignedPartition:
    window = DuplicateWindow(1_000)
    dead_letters: Any = FakeDeadLetters()
    return AssignedPartition(
        HERE,
        Decoder(order_funnel.GROUP, HERE, Calendar(RULES.zone_info()), window, {}, start),
        Settler(order_funnel.GROUP, RULES, MemoryStore(), dead_letters, window),
        first=start,
        durable=start,
        read=start,
    )


def messages(count: int) -> Any:
    made = enumerate(Shop().messages(count, duplicates=0)[:count])
    return [
        LogMessage(at, value, (key or "").encode(), 1_800_000_000_000) for at, (key, value) in made
    ]


def test_messages_read_only_for_the_window_are_dropped_after_settling() -> None:
    partition = assigned(start=10)
    partition.buffer_messages(messages(10))
    assert partition.pending
    batch, _ = partition.settle()
    assert (batch.events, partition.buffer, partition.buffered_bytes) == ([], [], 0)
    assert (partition.durable, partition.pending) == (10, False)


def test_control_records_at_the_end_count_as_read() -> None:
    partition = assigned(start=0)
    partition.buffer_messages(messages(3))
    partition.reached(5)
    partition.settle()
    assert (partition.durable, partition.pending) == (5, False)
