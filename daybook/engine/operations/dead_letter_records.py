"""The stored records of a topic's dead letters, and the progress of their replay.

A record waits, is `replaying` once a replay has claimed it, and finally `replayed`. Each step
requires the previous one, so of two concurrent replays only one claims a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Int64

from daybook.engine import bookkeeping
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.partition import Partition

_IDS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class DeadLetterRecord:
    """`replay_from` is the end of the partition when its replay began, in the topic incarnation
    `replay_topic_id`; the copy, if it was sent, is at this offset or above. `cut`: the dead-letter
    topic has only the beginning of the message."""

    id: str
    group: str
    topic: str
    topic_id: str
    partition: int
    offset: int
    reason: str
    detail: str
    at: datetime
    replayed: str | None
    replayed_at: datetime | None
    replay_from: int | None
    replay_topic_id: str | None
    cut: bool = False

    @property
    def position(self) -> str:
        """The message's partition and offset, as commands take and print them."""
        return f"{self.partition}:{self.offset}"

    @property
    def origin(self) -> str:
        """The message's position, as a replayed copy names it in its headers."""
        return f"{self.topic_id}:{self.partition}:{self.offset}"


class DeadLetterRecords:
    """The records of one topic. Every method raises Unavailable."""

    def __init__(self, documents: Documents, topic: str) -> None:
        self._collection = documents[bookkeeping.DEAD_LETTERS]
        self._topic = topic

    def find(
        self, *, group: str | None = None, reason: str | None = None
    ) -> Iterator[DeadLetterRecord]:
        """The records of a group, of a reason, or all, in the order in which they were recorded."""
        where = {"topic": self._topic, "group": group, "reason": reason}
        given = {name: value for name, value in where.items() if value is not None}
        with reachable():
            for stored in self._collection.find(given).sort([("at", 1), ("_id", 1)]):
                yield _record(stored)

    def reload(self, records: Iterable[DeadLetterRecord]) -> Iterator[DeadLetterRecord]:
        """The current versions of these records."""
        ids = [record.id for record in records]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            with reachable():
                chunk = {"_id": {"$in": ids[start : start + _IDS_AT_ONCE]}}
                yield from map(_record, self._collection.find(chunk))

    def mark_replaying(self, record: DeadLetterRecord, replay_from: int, topic_id: str) -> bool:
        """Claims a waiting record for this replay; false if it was not waiting any more."""
        fields = {
            "replayed": "replaying",
            "replay_from": Int64(replay_from),
            "replay_topic_id": topic_id,
        }
        return self._advance(record, None, fields)

    def mark_replayed(self, record: DeadLetterRecord) -> None:
        """Records that the brokers have the copy."""
        fields = {"replayed": "replayed", "replayed_at": datetime.now(UTC)}
        self._advance(record, "replaying", fields)

    def _advance(
        self, record: DeadLetterRecord, previous: str | None, fields: dict[str, Any]
    ) -> bool:
        with reachable():
            result = self._collection.update_one(
                {"_id": record.id, "replayed": previous}, {"$set": fields}
            )
        return result.matched_count == 1


def is_before_boundary(record: DeadLetterRecord, boundaries: tuple[Mapping[int, int], ...]) -> bool:
    """Whether partitions were added to the topic after the message was written."""
    partition = Partition(record.topic, record.topic_id, record.partition, boundaries)
    return partition.epoch(record.offset) < len(boundaries)


def _record(stored: dict[str, Any]) -> DeadLetterRecord:
    return DeadLetterRecord(
        id=stored["_id"],
        group=stored["group"],
        topic=stored["topic"],
        topic_id=stored["topic_id"],
        partition=stored["partition"],
        offset=stored["offset"],
        reason=stored["reason"],
        detail=stored["detail"],
        at=stored["at"],
        replayed=stored["replayed"],
        replayed_at=stored.get("replayed_at"),
        replay_from=stored.get("replay_from"),
        replay_topic_id=stored.get("replay_topic_id"),
        cut=stored.get("cut", False),
    )
