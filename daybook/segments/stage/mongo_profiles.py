"""The profiles of a shard in MongoDB, and their rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DeleteOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from daybook.engine.errors import Refused
from daybook.engine.mongo.client import Documents, only_duplicates, reachable
from daybook.segments.stage.profiles import Profile

PROFILES, MEMBERS = "segment_profiles", "segment_members"


class MongoProfiles:
    """Implements `Profiles`; see there for what the methods do."""

    def __init__(self, documents: Documents) -> None:
        self._profiles = documents[PROFILES]
        self._members = documents[MEMBERS]

    def load(self, ids: Collection[str]) -> dict[str, Profile]:
        with reachable():
            return {one["_id"]: one for one in self._profiles.find({"_id": {"$in": list(ids)}})}

    def due(self, shard: int, clock: int, limit: int) -> list[Profile]:
        where = {"shard": shard, "due_at": {"$lte": clock}}
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
        self._write(
            profiles,
            [
                ReplaceOne(
                    {"_id": profile["_id"], "revision": profile["revision"]},
                    {**profile, "revision": profile["revision"] + 1},
                    upsert=profile["revision"] == 0,
                )
                for profile in profiles
            ],
        )

    def update(self, profiles: Collection[Profile], names: Collection[str]) -> None:
        self._write(
            profiles,
            [
                UpdateOne(
                    {"_id": profile["_id"], "revision": profile["revision"]},
                    {
                        "$set": {name: profile[name] for name in names}
                        | {"revision": profile["revision"] + 1}
                    },
                )
                for profile in profiles
            ],
        )

    def _write(
        self,
        profiles: Collection[Profile],
        writes: Sequence[UpdateOne | ReplaceOne[dict[str, Any]]],
    ) -> None:
        if not writes:
            return
        with reachable():
            try:
                result = self._profiles.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error, PROFILES)
                raise Refused from error
        if result.matched_count + result.upserted_count < len(writes):
            raise Refused
        for profile in profiles:
            profile["revision"] += 1

    def put_rows(self, rows: Collection[Mapping[str, Any]]) -> None:
        writes = [_row_write(row) for row in rows]
        if not writes:
            return
        with reachable():
            try:
                self._members.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                # The stored row is of a later revision.
                only_duplicates(error, MEMBERS)


def _row_write(row: Mapping[str, Any]) -> DeleteOne | ReplaceOne[dict[str, Any]]:
    where = {"_id": row["_id"], "revision": {"$lte": row["revision"]}}
    if row["since"] is None:
        return DeleteOne(where)
    return ReplaceOne(where, dict(row), upsert=True)
