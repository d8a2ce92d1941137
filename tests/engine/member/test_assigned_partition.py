"""What a member holds of a partition, and when it lets go of it."""

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
from tests.support.runner import RULES, Letters
from tests.support.shop import Shop

HERE = Partition("sc.domain.order", "topic-id", 0)


def owned(start: int) -> AssignedPartition:
    window = DuplicateWindow(1_000)
    letters: Any = Letters()
    return AssignedPartition(
        HERE,
        Decoder(order_funnel.GROUP, HERE, Calendar(RULES.zone_info()), window, {}, start),
        Settler(order_funnel.GROUP, RULES, MemoryStore(), letters, window),
        first=start,
        durable=start,
        read=start,
    )


def messages(count: int) -> Any:
    made = enumerate(Shop().messages(count, duplicates=0)[:count])
    return [
        LogMessage(at, value, (key or "").encode(), 1_800_000_000_000) for at, (key, value) in made
    ]


def test_what_is_read_only_for_the_window_is_settled_and_let_go() -> None:
    one = owned(start=10)
    one.buffer_messages(messages(10))
    assert one.pending
    batch, _ = one.settle()
    assert (batch.events, one.buffer, one.buffered_bytes) == ([], [], 0)
    assert (one.durable, one.pending) == (10, False)


def test_a_tail_of_control_records_is_reached() -> None:
    one = owned(start=0)
    one.buffer_messages(messages(3))
    one.reached(5)
    one.settle()
    assert (one.durable, one.pending) == (5, False)
