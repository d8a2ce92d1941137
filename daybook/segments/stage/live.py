"""Shows the segments of each organization in Redis, and their members in `audience_segments`."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from bson import Int64
from pymongo import UpdateOne
from redis import Redis
from redis.exceptions import RedisError

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import moment_at
from daybook.engine.mongo.client import Documents, reachable
from daybook.segments.counts import BY_VERSION, IS_MEMBER, by_version
from models.segments import AudienceSegments, SegmentMembers
from schemas.envelope import moment_text

SECONDS = 30.0
_log = structlog.get_logger()


def segments_key(organization: str) -> str:
    """A hash: of each segment in force, by its id, {name, version, status, members, clock}."""
    return f"analytics:org:{encode_part(organization)}:segments"


class LiveSegments:
    """Written anew every 30 seconds by one member, so what was lost or emptied is there again."""

    def __init__(self, documents: Documents, redis: Redis, now: Callable[[], float]) -> None:
        self._segments = documents[AudienceSegments.collection]
        self._members = documents[SegmentMembers.collection]
        self._redis = redis
        self._now = now
        self._next = 0.0
        self._is_away = False

    def show(self, organizations: Iterable[str], clock: int) -> None:
        """Shows all segments as of the clock, unless that was done less than 30 s ago.

        Raises Unavailable. It goes on without Redis.
        """
        if self._now() < self._next:
            return
        for organization in organizations:
            with reachable():
                self._show(organization, clock)
        self._next = self._now() + SECONDS

    def _show(self, organization: str, clock: int) -> None:
        where = {"organization_id": organization}
        members = {**where, **IS_MEMBER}
        counts = by_version(self._members.aggregate([{"$match": members}, BY_VERSION]))
        rows = list(self._segments.find(where, {"filters": 0, "resolved": 0}))
        for row in rows:
            row["members"] = counts.get((row["segment_id"], row["version"]), 0)
        updates = [
            UpdateOne({"_id": row["_id"]}, {"$set": {"members": Int64(row["members"])}})
            for row in rows
        ]
        if updates:
            self._segments.bulk_write(updates, ordered=False)
        shown: dict[Any, Any] = {
            row["segment_id"]: json.dumps(_shown(row, clock), ensure_ascii=False)
            for row in rows
            if row["status"] in ("active", "backfilling")
        }
        self._write(segments_key(organization), shown)

    def _write(self, key: str, shown: dict[Any, Any]) -> None:
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(key)
                if shown:
                    pipe.hset(key, mapping=shown)
                pipe.execute()
        except (RedisError, OSError) as error:
            if not self._is_away:
                _log.warning("segments are not shown in Redis", why=type(error).__name__)
            self._is_away = True
        else:
            self._is_away = False


def _shown(row: dict[str, Any], clock: int) -> dict[str, Any]:
    return {
        "name": row["name"],
        "version": row["version"],
        "status": row["status"],
        "members": row["members"],
        "clock": moment_text(moment_at(clock)),
    }
