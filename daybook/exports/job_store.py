"""The states of jobs in MongoDB; only the newest attempt at a job may end it."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from daybook.engine.mongo.client import Documents, reachable
from daybook.exports.job import Job, job_of_document
from models.export import UNDONE, Exports

FILE_LIFETIME = timedelta(hours=24)
JOB_LIFETIME = timedelta(days=30)

LEASE_SECONDS = 20
"""How long a job waits for another worker after its own has died; renewed every 5 s."""

_ORGANIZATIONS_MAX = 1_000
_UNKNOWN_YET = ("reason", "file", "bytes", "rows", "ended_at", "expires_at", "claimed_until")
_FREE = UNDONE | {"$expr": {"$lt": ["$claimed_until", "$$NOW"]}}
"""A job without a lease is free, too: null, and an absent field, precede every date."""

_LEASE_END = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LEASE_SECONDS}}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to end a job, until another attempt claims it."""

    job: Job
    attempt: int


class Jobs:
    """The queue of jobs, and their states. Every method raises Unavailable.

    Leases are measured by the server's clock, so workers' clocks need not agree.
    """

    def __init__(self, documents: Documents) -> None:
        self._collection = documents[Exports.collection]

    def add(self, job: Job) -> None:
        """Adds a job that waits for a worker, unless it is known."""
        new = asdict(job) | {"status": "processing", "attempt": 0, "failures": 0, "is_told": False}
        new |= dict.fromkeys(_UNKNOWN_YET)
        with reachable(), suppress(DuplicateKeyError):
            self._collection.update_one({"_id": job.id}, {"$setOnInsert": new}, upsert=True)

    def waiting_organizations(self) -> list[str]:
        """Whose jobs wait for a worker: those with the oldest first, a thousand at most."""
        stages: list[Document] = [
            {"$match": _FREE},
            {"$group": {"_id": "$organization_id", "since": {"$min": "$requested_at"}}},
            {"$sort": {"since": 1, "_id": 1}},
            {"$limit": _ORGANIZATIONS_MAX},
        ]
        with reachable():
            return [row["_id"] for row in self._collection.aggregate(stages)]

    def claim(self, organization: str) -> Claim | None:
        """Takes the organization's oldest job that waits; None if there is none any more.

        This is a new attempt, except for a job that has ended and is only to be announced.
        """
        started = {"$cond": [{"$eq": ["$status", "processing"]}, 1, 0]}
        taken = {"attempt": {"$add": ["$attempt", started]}, "claimed_until": _LEASE_END}
        with reachable():
            document = self._collection.find_one_and_update(
                {"organization_id": organization, **_FREE},
                [{"$set": taken}],
                sort=[("requested_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            return None
        return Claim(job_of_document(document), int(document["attempt"]))

    def renew(self, claim: Claim) -> bool:
        """Renews the lease; returns False if another worker has taken the job."""
        with reachable():
            renewed = self._collection.update_one(
                {"_id": claim.job.id, "attempt": claim.attempt},
                [{"$set": {"claimed_until": _LEASE_END}}],
            )
        return renewed.matched_count == 1

    def release(self, claim: Claim) -> None:
        """Gives the job back, so that another worker need not wait for the lease's end."""
        with reachable():
            self._collection.update_one(
                {"_id": claim.job.id, "attempt": claim.attempt}, {"$set": {"claimed_until": None}}
            )

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
