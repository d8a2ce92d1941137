"""The states of jobs in MongoDB; only the newest attempt at a job may end it."""

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

FILE_LIFETIME = timedelta(hours=24)
JOB_LIFETIME = timedelta(days=30)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to end a job, until another attempt claims it."""

    job: Job
    attempt: int


class Jobs:
    """Every method raises Unavailable."""

    def __init__(self, documents: Documents) -> None:
        self._collection = documents[Exports.collection]

    def claim(self, job: Job) -> Claim | None:
        """Starts a new attempt; None for a job that has ended."""
        in_progress = {"_id": job.id, "status": "processing"}
        new = {name: value for name, value in asdict(job).items() if name != "requested_at"}
        new |= dict.fromkeys(("reason", "file", "bytes", "rows", "ended_at", "expires_at"))
        new |= {"requested_at": job.requested_at, "failures": 0, "is_told": False}
        with reachable():
            try:
                document = self._collection.find_one_and_update(
                    in_progress,
                    {"$inc": {"attempt": 1}, "$setOnInsert": new},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                return None
        assert document is not None
        return Claim(job, int(document["attempt"]))

    def find(self, job: Job) -> Document | None:
        with reachable():
            return self._collection.find_one({"_id": job.id})

    def completed(self, claim: Claim, size_bytes: int, rows: int, now: datetime) -> bool:
        """Marks the job as completed; returns False if a newer attempt has claimed it."""
        update = {
            "status": "completed",
            "file": claim.job.file(claim.attempt),
            "bytes": Int64(size_bytes),
            "rows": Int64(rows),
            "reason": None,
            "ended_at": now,
            "expires_at": now + FILE_LIFETIME,
        }
        return self._end(claim, update)

    def failed(self, claim: Claim, reason: str, now: datetime) -> bool:
        """Marks the job as failed for good; returns False if a newer attempt has claimed it."""
        return self._end(claim, {"status": "failed", "reason": reason, "ended_at": now})

    def failed_once(self, claim: Claim) -> int:
        """Counts a failure; returns the job's number of failures, or 0 if the claim is outdated."""
        with reachable():
            document = self._collection.find_one_and_update(
                {"_id": claim.job.id, "attempt": claim.attempt},
                {"$inc": {"failures": 1}},
                return_document=ReturnDocument.AFTER,
            )
        return int(document["failures"]) if document else 0

    def mark_notified(self, job: Job) -> None:
        with reachable():
            self._collection.update_one({"_id": job.id}, {"$set": {"is_told": True}})

    def expire(self, now: datetime) -> Iterator[str]:
        """Marks due jobs as expired; yields the names of their files, which must be removed."""
        due = {"status": "completed", "expires_at": {"$lte": now}}
        while True:
            with reachable():
                document = self._collection.find_one_and_update(
                    due, {"$set": {"status": "expired", "file": None}}
                )
            if document is None:
                return
            yield document["file"]

    def delete_old(self, now: datetime) -> int:
        """Deletes jobs that ended more than 30 days ago; returns their number."""
        with reachable():
            return self._collection.delete_many(
                {"ended_at": {"$lt": now - JOB_LIFETIME}}
            ).deleted_count

    def existing_files(self, files: Collection[str]) -> set[str]:
        """Those of the file names that belong to a job."""
        with reachable():
            jobs = self._collection.find({"file": {"$in": list(files)}}, {"file": 1})
            return {job["file"] for job in jobs}

    def _end(self, claim: Claim, update: Document) -> bool:
        attempt = {"_id": claim.job.id, "attempt": claim.attempt}
        with reachable():
            self._collection.update_one(attempt | {"status": "processing"}, {"$set": update})
            # Read back: if the first reply was lost, the driver's retry matches no document.
            return self._collection.find_one(attempt | {"status": update["status"]}) is not None
