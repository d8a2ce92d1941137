"""The shards' clocks in MongoDB: how far each has come in the feed, and in time."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from bson import Int64
from pymongo import UpdateOne

from daybook.engine.errors import Gap, StartAgain
from daybook.engine.mongo.client import Documents, reachable
from daybook.segments.feed import SHARDS
from daybook.segments.stage.new_definitions import Backfill
from models.segments import SegmentClocks

REMEDY = "docs/segments.md says how to make the profiles again"


class Clock(NamedTuple):
    """How far a shard is; moments are ms since 1970, and -1 before the first round.

    `next` is the first offset of the feed that is not in the profiles yet. All profiles are
    evaluated up to `clock`, with everything that was appended to the sources before `round`.
    """

    next: int
    clock: int
    round: int
    backfill: Backfill


class Clocks:
    """The clocks of the shards of one incarnation of the feed. Every method raises Unavailable."""

    def __init__(self, documents: Documents, topic: str, topic_id: str) -> None:
        self._collection = documents[SegmentClocks.collection]
        self._topic = topic
        self._topic_id = topic_id

    def create(self) -> None:
        """Creates the clocks that there are not yet. Raises Gap if those that there are belong to
        another incarnation of the feed."""
        new = {
            "topic_id": self._topic_id,
            "next": Int64(0),
            "clock": Int64(-1),
            "round": Int64(-1),
            "applied": {},
            "definitions": Backfill()._asdict(),
        }
        updates = [
            UpdateOne({"_id": shard}, {"$setOnInsert": new}, upsert=True) for shard in range(SHARDS)
        ]
        with reachable():
            self._collection.bulk_write(updates, ordered=False)
        self.all()

    def all(self) -> dict[int, Clock]:
        """The clock of every shard. Raises Gap as `create` does, and if one is gone."""
        with reachable():
            stored = list(self._collection.find({}, {"applied": 0}))
        if any(one["topic_id"] != self._topic_id for one in stored):
            raise Gap(
                f"{self._topic} is not the topic that the profiles were filled from: it was "
                f"deleted and made again. {REMEDY}"
            )
        if len(stored) < SHARDS:
            raise Gap("clocks of segments are missing: start the member again")
        return {one["_id"]: _clock(one) for one in stored}

    def save_next(self, offsets: Mapping[int, tuple[int, int]]) -> None:
        """Moves `next` of shards forward, never back; a former owner of a shard may save late.

        `offsets`: by shard, the one that was read or written last, and the new one. Raises
        StartAgain if a stored one is lower than the first: what was taken since is not in this
        database.
        """
        updates = [
            UpdateOne(
                {"_id": shard, "topic_id": self._topic_id, "next": {"$gte": Int64(saved)}},
                {"$max": {"next": Int64(next_offset)}},
            )
            for shard, (saved, next_offset) in offsets.items()
        ]
        with reachable():
            result = self._collection.bulk_write(updates, ordered=False)
        if result.matched_count < len(updates):
            raise StartAgain("the clock of a shard is lower than the one written last")

    def save_backfill(self, shard: int, backfill: Backfill) -> None:
        """Stores how far the shard is evaluated for new definitions."""
        with reachable():
            self._collection.update_one(
                {"_id": shard}, {"$set": {"definitions": backfill._asdict()}}
            )

    def save_round(
        self, shards: Collection[int], clock: int, moment: int, applied: Mapping[Any, int]
    ) -> None:
        """Moves shards forward that have finished a round. `applied`: by topic id and partition of
        the sources, the offset below which their profiles hold everything."""
        ends = {f"applied.{id_}.{number}": Int64(end) for (id_, number), end in applied.items()}
        reached = {"clock": Int64(clock), "round": Int64(moment)} | ends
        with reachable():
            self._collection.update_many({"_id": {"$in": list(shards)}}, {"$max": reached})


def _clock(stored: Mapping[str, Any]) -> Clock:
    return Clock(
        int(stored["next"]),
        int(stored["clock"]),
        int(stored["round"]),
        Backfill(**stored["definitions"]),
    )
