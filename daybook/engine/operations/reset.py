"""Lets a group continue although the log no longer holds the offset it must count next.

The gap is recorded first, permanently; then the checkpoint moves, then Kafka's offset. Each step is
idempotent, so an attempt that died can be repeated.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bson import Int64
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from daybook.engine import bookkeeping
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group
from daybook.engine.kafka.admin import kafka_errors, members
from daybook.engine.kafka.offsets import LogBounds, metadata, start_offset
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.operations.reached import group_consumer, read_reached
from daybook.engine.partition import Partition
from daybook.engine.settings import Settings

_EVERYTHING = LogBounds(0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class OffsetReset:
    """A partition that cannot continue by itself.

    `checkpoint` was the next offset to count, `restart` is the one to continue at. Offsets from
    `missed` up to but excluding `counted_again` are not counted; both are equal if nothing was
    missed, and only Kafka's offset was behind.
    """

    partition: Partition
    checkpoint: int
    restart: int
    missed: int
    counted_again: int


def find_resets(
    group: Group, fleet: str, documents: Documents, client: AdminClient, settings: Settings
) -> list[OffsetReset]:
    """The partitions that the group would refuse to start. Raises FleetMismatch, Unavailable."""
    resets = []
    for one in read_reached(group, documents, client, settings):
        if one.checkpoint is None:
            continue
        start = start_offset(one.partition, fleet, one.checkpoint, one.commit, _EVERYTHING)
        if reset := plan(one.partition, one.checkpoint, start, one.bounds):
            resets.append(reset)
    return resets


def plan(
    partition: Partition, checkpoint: int, start: int, bounds: LogBounds
) -> OffsetReset | None:
    """The reset that is needed to continue; None if the log holds `start`, the next start offset.

    `start` is below the checkpoint if Kafka's offset is; the offsets between are counted already.
    If the log lost its tail, new messages get offsets below the checkpoint again. These are not
    counted, because documents that have applied the offsets refuse them.
    """
    if bounds.low <= start <= bounds.high:
        return None
    if start < bounds.low:
        restart = max(checkpoint, bounds.low)
        if restart <= bounds.high:
            return OffsetReset(partition, checkpoint, restart, checkpoint, restart)
    return OffsetReset(partition, checkpoint, bounds.high, bounds.high, checkpoint)


def accept(reset: OffsetReset, group: Group, documents: Documents) -> None:
    """Records the gap and moves the checkpoint. Raises DaybookError if that has moved meanwhile."""
    partition, now = reset.partition, datetime.now(UTC)
    place = f"{group.name}:{partition.topic_id}:{partition.number}"
    collection = documents[bookkeeping.FLEET]
    with reachable():
        if reset.missed != reset.counted_again:
            gap = {
                "group": group.name,
                "topic": partition.topic,
                "topic_id": partition.topic_id,
                "partition": partition.number,
                "from": Int64(reset.missed),
                "to": Int64(reset.counted_again),
                "at": now,
            }
            where = {"_id": f"gap:{place}:{reset.missed}"}
            collection.update_one(where, {"$set": gap}, upsert=True)
        moved = collection.update_one(
            {"_id": f"checkpoint:{place}", "offset": reset.checkpoint},
            {"$set": {"offset": Int64(reset.restart), "at": now}},
        )
    if not moved.matched_count:
        raise DaybookError(
            f"{partition}: its checkpoint has moved meanwhile; is the group stopped?"
        )


def commit(resets: list[OffsetReset], group: Group, fleet: str, settings: Settings) -> None:
    """Commits the restart offsets of a stopped group to Kafka. Raises Unavailable."""
    offsets = [
        TopicPartition(
            reset.partition.topic,
            reset.partition.number,
            reset.restart,
            metadata(fleet, reset.partition.topic_id),
        )
        for reset in resets
    ]
    with (
        kafka_errors(f"committing offsets of {group.name}"),
        group_consumer(settings, group) as consumer,
    ):
        consumer.commit(offsets=offsets, asynchronous=False)


def check_stopped(group: Group, client: AdminClient) -> None:
    """Raises DaybookError if the group has members, and Unavailable."""
    if running := members(client, group.name):
        raise DaybookError(
            f"stop {group.name} first (members running: {running}). A killed member counts as "
            "running until DAYBOOK_KAFKA_SESSION_TIMEOUT_MS has passed"
        )
