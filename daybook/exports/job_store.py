"""How far each file is, in MongoDB. Of several attempts at one, the newest alone may end it."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from daybook.engine.mongo.client import Documents, reachable
from daybook.exports.job import Job
from models.export import Exports

EXPIRES = timedelta(hours=24)
REMEMBERED = timedelta(days=30)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to end a job, until somebody else has begun it."""

    job: Job
    attempt: int


class Jobs:
    """Every method raises Unavailable."""

    def __init__(self, documents: Documents) -> None:
        self._collection = documents[Exports.collection]

    def claim(self, job: Job) -> Claim | None:
        """A new attempt; None for a job that has ended."""
        begun = {"_id": job.id, "status": "processing"}
        new = {name: value for name, value in asdict(job).items() if name != "requested_at"}
        new |= dict.fromkeys(("reason", "file", "bytes", "rows", "ended_at", "expires_at"))
        new |= {"requested_at": job.requested_at, "failures": 0, "is_told": False}
        with reachable():
            try:
                found = self._collection.find_one_and_update(
                    begun,
                    {"$inc": {"attempt": 1}, "$setOnInsert": new},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                return None
        assert found is not None
        return Claim(job, int(found["attempt"]))

    def find(self, job: Job) -> Document | None:
        with reachable():
            return self._collection.find_one({"_id": job.id})

    def completed(self, claim: Claim, size_bytes: int, rows: int, now: datetime) -> bool:
        """Whether this attempt's file is the one that counts."""
        news = {
            "status": "completed",
            "file": claim.job.file(claim.attempt),
            "bytes": Int64(size_bytes),
            "rows": Int64(rows),
            "reason": None,
            "ended_at": now,
            "expires_at": now + EXPIRES,
        }
        return self._end(claim, news)

    def failed(self, claim: Claim, reason: str, now: datetime) -> bool:
        """For good."""
        return self._end(claim, {"status": "failed", "reason": reason, "ended_at": now})

    def failed_once(self, claim: Claim) -> int:
        """How often by now, for a reason of its own."""
        with reachable():
            found = self._collection.find_one_and_update(
                {"_id": claim.job.id, "attempt": claim.attempt},
                {"$inc": {"failures": 1}},
                return_document=ReturnDocument.AFTER,
            )
        return int(found["failures"]) if found else 0

    def mark_notified(self, job: Job) -> None:
        with reachable():
            self._collection.update_one({"_id": job.id}, {"$set": {"is_told": True}})

    def expire(self, now: datetime) -> Iterator[str]:
        """The names of the files whose time is over; each is to be removed."""
        due = {"status": "completed", "expires_at": {"$lte": now}}
        while True:
            with reachable():
                found = self._collection.find_one_and_update(
                    due, {"$set": {"status": "expired", "file": None}}
                )
            if found is None:
                return
            yield found["file"]

    def forget(self, now: datetime) -> int:
        """How many were removed that ended long ago."""
        with reachable():
            return self._collection.delete_many(
                {"ended_at": {"$lt": now - REMEMBERED}}
            ).deleted_count

    def named(self, files: Collection[str]) -> set[str]:
        """Those of the files that some job has."""
        with reachable():
            found = self._collection.find({"file": {"$in": list(files)}}, {"file": 1})
            return {one["file"] for one in found}

    def _end(self, claim: Claim, news: Document) -> bool:
        own = {"_id": claim.job.id, "attempt": claim.attempt}
        with reachable():
            self._collection.update_one(own | {"status": "processing"}, {"$set": news})
            # Asked, since a reply that was lost is followed by an update that finds nothing to do.
            return self._collection.find_one(own | {"status": news["status"]}) is not None
