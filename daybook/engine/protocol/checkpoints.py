"""Checkpoints: how far a group has counted, stored in MongoDB before offsets go to Kafka."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Int64
from pymongo import UpdateOne
from pymongo.read_concern import ReadConcern

from daybook.engine import bookkeeping
from daybook.engine.errors import FleetMismatch, StartAgain
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All messages from offset `first` up to but excluding `offset` are durable.

    `saved` is the checkpoint that it replaces, None if there is none.
    """

    partition: Partition
    first: int
    offset: int
    saved: int | None = None


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

    def stored(
        self, partitions: Iterable[Partition], fleet: str
    ) -> dict[tuple[str, int], int] | None:
        """The next offset to count of these partitions, by topic id and partition number; those
        without a checkpoint are left out. None if the database has no record of its fleet.

        Reads with `local`, because a new primary's majority snapshot may be older than what an
        earlier one confirmed. Raises FleetMismatch if the record is that of another fleet.
        """
        ids = [self._id(partition) for partition in partitions]
        latest = self._collection.with_options(read_concern=ReadConcern("local"))
        with reachable():
            found = {d["_id"]: d for d in latest.find({"_id": {"$in": ["fleet", *ids]}})}
        record = found.pop("fleet", None)
        if record is None:
            return None
        if record["fleet"] != fleet:
            raise FleetMismatch(
                f"database {self._collection.database.name} was replaced by that of another fleet "
                f"({record['fleet']}) while this member ran"
            )
        return {(c["topic_id"], c["partition"]): int(c["offset"]) for c in found.values()}

    def save(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Moves checkpoints forward, never back.

        A former owner of a partition may save late; its checkpoint is true but not the newest.
        Raises StartAgain, and leaves the stored checkpoint, if that is lower than the one saved
        before: what was counted between them is not in this database.
        """
        now = datetime.now(UTC)
        updates = [self._update(checkpoint, now) for checkpoint in checkpoints]
        if not updates:
            return
        with reachable():
            result = self._collection.bulk_write(updates, ordered=False)
        if result.matched_count + result.upserted_count < len(updates):
            raise StartAgain("a checkpoint is lower than the last one written")

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
        where: dict[str, Any] = {"_id": self._id(partition)}
        if checkpoint.saved is not None:
            where["offset"] = {"$gte": Int64(checkpoint.saved)}
        return UpdateOne(
            where,
            {
                "$max": {"offset": Int64(checkpoint.offset)},
                "$set": {"at": now},
                "$setOnInsert": fixed,
            },
            upsert=checkpoint.saved is None,
        )

    def _id(self, partition: Partition) -> str:
        return f"checkpoint:{self._group}:{partition.topic_id}:{partition.number}"
