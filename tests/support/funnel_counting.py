"""Counts generated traffic with the group funnel-step into a store in memory."""

from typing import Any

from consumers import funnel_step
from daybook.engine.partition import Partition
from daybook.simulate.answer.entry import Entry
from tests.consumers.test_funnel_step import FixedDefinitions
from tests.fakes.memory_store import MemoryStore
from tests.support.funnel_traffic import PARTITIONS, Kafka
from tests.support.log import LogMessage
from tests.support.recounting import TOPIC_ID
from tests.support.runner import FakeDeadLetters, Lane, Runner


def lanes(entries: list[Entry]) -> list[list[LogMessage]]:
    """The messages of each partition of the tracking topic."""
    kafka = Kafka()
    for entry in entries:
        kafka.take(entry)
    return [
        [
            LogMessage(message.offset(), message.value(), message.key(), message.timestamp()[1])
            for message in kafka.tracking
            if message.partition() == number
        ]
        for number in range(PARTITIONS)
    ]


def counted(
    entries: list[Entry], collection: str, ends: list[int] | None = None, *, messages: int = 40
) -> dict[str, dict[str, Any]]:
    """The documents that the group stores, batch by batch, up to these ends of the partitions."""
    return collections(entries, ends, messages=messages).get(collection, {})


def collections(
    entries: list[Entry], ends: list[int] | None = None, *, messages: int = 40
) -> dict[str, dict[str, dict[str, Any]]]:
    """The same, of all collections."""
    store = MemoryStore()
    for number, log in enumerate(lanes(entries)):
        lane = Lane(Partition("sc.tracking.funnel", TOPIC_ID, number), log)
        runner = Runner(
            store, FakeDeadLetters(), funnel_step.GROUP, lane, FixedDefinitions(entries)
        )
        end = len(log) if ends is None else ends[number]
        while runner.next < end:
            runner.settle(min(messages, end - runner.next))
    return store.collections
