"""The profiles of a shard in MongoDB, and their rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

from pymongo import ASCENDING, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from daybook.engine.errors import Refused
from daybook.engine.mongo.client import Documents, only_duplicates, reachable
from daybook.segments.stage.profiles import Profile

PROFILES, MEMBERS = "segment_profiles", "segment_members"

_WRITERS, _BULK_MIN = 2, 100
Write = InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]] | UpdateOne
T = TypeVar("T")
R = TypeVar("R")


class MongoProfiles:
    """Implements `Profiles`; see there for what the methods do."""

    def __init__(self, documents: Documents) -> None:
        self._profiles = documents[PROFILES]
        self._members = documents[MEMBERS]
        self._writers = ThreadPoolExecutor(_WRITERS, "segments-writer")

    def load(self, ids: Collection[str]) -> dict[str, Profile]:
        with reachable():
            return {one["_id"]: one for one in self._profiles.find({"_id": {"$in": list(ids)}})}

    def due(self, shards: Collection[int], clock: int, limit: int) -> list[Profile]:
        where = {"shard": {"$in": list(shards)}, "due_at": {"$lte": clock}}
        with reachable():
            return list(self._profiles.find(where).sort("due_at", ASCENDING).limit(limit))

    def changed(self, shard: int, limit: int) -> list[Profile]:
        with reachable():
            return list(self._profiles.find({"shard": shard, "is_changed": True}).limit(limit))

    def after(
        self, shard: int, after: str, organizations: Collection[str], limit: int
    ) -> list[Profile]:
        where = {
            "shard": shard,
            "_id": {"$gt": after},
            "organization_id": {"$in": list(organizations)},
        }
        with reachable():
            return list(self._profiles.find(where).sort("_id", ASCENDING).limit(limit))

    def replace(self, profiles: Collection[Profile]) -> None:
        self._store(profiles, [_replacement(profile) for profile in profiles])

    def update(self, profiles: Collection[Profile], names: Collection[str]) -> None:
        self._store(profiles, [_update(profile, names) for profile in profiles])

    def _store(self, profiles: Collection[Profile], writes: Sequence[Write]) -> None:
        if sum(self._in_bulks(self._store_some, writes)) < len(writes):
            raise Refused
        for profile in profiles:
            profile["revision"] += 1

    def _store_some(self, writes: Sequence[Write]) -> int:
        """The number of those that were stored."""
        with reachable():
            try:
                result = self._profiles.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error, PROFILES)
                return 0
        return result.matched_count + result.inserted_count

    def put_rows(self, rows: Collection[Mapping[str, Any]]) -> None:
        self._in_bulks(self._put_some, list(rows))

    def _put_some(self, rows: Sequence[Mapping[str, Any]]) -> None:
        with reachable():
            try:
                self._members.bulk_write([_row_write(row) for row in rows], ordered=False)
            except BulkWriteError as error:
                # The stored row is of a later revision, unless this one was to be the first.
                refused = [rows[place] for place in only_duplicates(error, MEMBERS)]
                if again := [row for row in refused if _is_first(row)]:
                    self._put_again(again)

    def _put_again(self, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._members.bulk_write([_row_replacement(row) for row in rows], ordered=False)
        except BulkWriteError as error:
            only_duplicates(error, MEMBERS)

    def _in_bulks(self, write: Callable[[Sequence[T]], R], several: Sequence[T]) -> list[R]:
        """Writes two bulks at once if there are many: MongoDB executes each in one thread."""
        size = max(_BULK_MIN, -(-len(several) // _WRITERS))
        bulks = [several[start : start + size] for start in range(0, len(several), size)]
        writing = [self._writers.submit(write, bulk) for bulk in bulks]
        wait(writing)
        return [one.result() for one in writing]


def _replacement(profile: Profile) -> Write:
    """A new profile is inserted: several inserts take MongoDB much less than several upserts."""
    known = profile["revision"]
    new = {**profile, "revision": known + 1}
    if not known:
        return InsertOne(new)
    return ReplaceOne({"_id": profile["_id"], "revision": known}, new)


def _update(profile: Profile, names: Collection[str]) -> Write:
    known = profile["revision"]
    changed = {name: profile[name] for name in names} | {"revision": known + 1}
    return UpdateOne({"_id": profile["_id"], "revision": known}, {"$set": changed})


def _row_write(row: Mapping[str, Any]) -> Write | DeleteOne:
    if row["since"] is None:
        return DeleteOne({"_id": row["_id"], "revision": {"$lte": row["revision"]}})
    return InsertOne(dict(row)) if _is_first(row) else _row_replacement(row)


def _is_first(row: Mapping[str, Any]) -> bool:
    """Whether there should be none of this person and segment yet."""
    return row["number"] == 1 and row["since"] is not None


def _row_replacement(row: Mapping[str, Any]) -> Write:
    where = {"_id": row["_id"], "revision": {"$lte": row["revision"]}}
    return ReplaceOne(where, dict(row), upsert=True)
