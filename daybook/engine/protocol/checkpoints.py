"""Checkpoints: how far a group has counted, stored in MongoDB before offsets go to Kafka."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Int64
from pymongo import UpdateOne

from daybook.engine import bookkeeping
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All messages from offset `first` up to but excluding `offset` are durable."""

    partition: Partition
    first: int
    offset: int


class Checkpoints:
    """The checkpoints of one group. Every method raises Unavailable."""

    def __init__(self, group: str, documents: Documents) -> None:
        self._group = group
        self._collection = documents[bookkeeping.FLEET]

    def find(self, partition: Partition) -> int | None:
        """The next offset to count; None if the partition was never counted."""
        with reachable():
            checkpoint = self._collection.find_one({"_id": self._id(partition)})
        return None if checkpoint is None else int(checkpoint["offset"])

    def all(self) -> dict[tuple[str, int], int]:
        """The next offset to count of every partition, by topic id and partition number."""
        with reachable():
            stored = self._collection.find({"_id": {"$regex": f"^checkpoint:{self._group}:"}})
            return {(c["topic_id"], c["partition"]): c["offset"] for c in stored}

    def save(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Moves checkpoints forward, never back.

        A former owner of a partition may save late; its checkpoint is true but not the newest.
        """
        now = datetime.now(UTC)
        updates = [self._update(checkpoint, now) for checkpoint in checkpoints]
        if updates:
            with reachable():
                self._collection.bulk_write(updates, ordered=False)

    def boundaries(self, topic_id: str) -> tuple[dict[int, int], ...]:
        """For each time partitions were added, the old partitions' end offsets at that moment."""
        with reachable():
            stored = self._collection.find_one({"_id": f"boundaries:{topic_id}"})
        if stored is None:
            return ()
        return tuple(
            {int(p): end for p, end in boundary["ends"].items()}
            for boundary in stored["boundaries"]
        )

    def _update(self, checkpoint: Checkpoint, now: datetime) -> UpdateOne:
        partition = checkpoint.partition
        fixed: dict[str, Any] = {
            "group": self._group,
            "topic": partition.topic,
            "topic_id": partition.topic_id,
            "partition": partition.number,
            "first": Int64(checkpoint.first),
        }
        return UpdateOne(
            {"_id": self._id(partition)},
            {
                "$max": {"offset": Int64(checkpoint.offset)},
                "$set": {"at": now},
                "$setOnInsert": fixed,
            },
            upsert=True,
        )

    def _id(self, partition: Partition) -> str:
        return f"checkpoint:{self._group}:{partition.topic_id}:{partition.number}"
