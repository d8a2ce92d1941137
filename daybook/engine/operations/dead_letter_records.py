"""The dead letters of a topic as they are recorded, and how far the replay of each has come.

A letter waits, is `replaying` once a replay has decided to send it, and `replayed` for ever. Each
step is guarded by the one before, so of two replays only one takes it.
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
    """`replay_from`: the end of its partition, in incarnation `replay_topic_id` of its topic, when
    its replay began; the copy that was sent, if it was, stands at or above it."""

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

    @property
    def position(self) -> str:
        """Where it stands in its topic, as people name it."""
        return f"{self.partition}:{self.offset}"

    @property
    def origin(self) -> str:
        """What a copy says that it is a replay of."""
        return f"{self.topic_id}:{self.partition}:{self.offset}"


class DeadLetterRecords:
    """Every method raises Unavailable."""

    def __init__(self, documents: Documents, topic: str) -> None:
        self._collection = documents[bookkeeping.DEAD_LETTERS]
        self._topic = topic

    def find(
        self, *, group: str | None = None, reason: str | None = None
    ) -> Iterator[DeadLetterRecord]:
        """In the order in which they were found dead."""
        where = {"topic": self._topic, "group": group, "reason": reason}
        chosen = {name: value for name, value in where.items() if value is not None}
        with reachable():
            for found in self._collection.find(chosen).sort([("at", 1), ("_id", 1)]):
                yield _letter(found)

    def again(self, letters: Iterable[DeadLetterRecord]) -> Iterator[DeadLetterRecord]:
        """The same letters as they are recorded now."""
        ids = [letter.id for letter in letters]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            with reachable():
                some = {"_id": {"$in": ids[start : start + _IDS_AT_ONCE]}}
                yield from map(_letter, self._collection.find(some))

    def mark_replaying(self, letter: DeadLetterRecord, replay_from: int, topic_id: str) -> bool:
        """Whether it waited until now; from now on, this replay is to send it."""
        news = {
            "replayed": "replaying",
            "replay_from": Int64(replay_from),
            "replay_topic_id": topic_id,
        }
        return self._step(letter, None, news)

    def mark_replayed(self, letter: DeadLetterRecord) -> None:
        """It was sent, and the brokers have it."""
        self._step(letter, "replaying", {"replayed": "replayed", "replayed_at": datetime.now(UTC)})

    def _step(self, letter: DeadLetterRecord, before: str | None, news: dict[str, Any]) -> bool:
        with reachable():
            found = self._collection.update_one(
                {"_id": letter.id, "replayed": before}, {"$set": news}
            )
        return found.matched_count == 1


def is_before_boundary(letter: DeadLetterRecord, boundaries: tuple[Mapping[int, int], ...]) -> bool:
    """Whether partitions were added to its topic after it came."""
    place = Partition(letter.topic, letter.topic_id, letter.partition, boundaries)
    return place.epoch(letter.offset) < len(boundaries)


def _letter(found: dict[str, Any]) -> DeadLetterRecord:
    return DeadLetterRecord(
        id=found["_id"],
        group=found["group"],
        topic=found["topic"],
        topic_id=found["topic_id"],
        partition=found["partition"],
        offset=found["offset"],
        reason=found["reason"],
        detail=found["detail"],
        at=found["at"],
        replayed=found["replayed"],
        replayed_at=found.get("replayed_at"),
        replay_from=found.get("replay_from"),
        replay_topic_id=found.get("replay_topic_id"),
    )
