"""Repeated export requests: one `Idempotency-Key` of one caller stands for one job."""

import hashlib

from daybook.engine.redis_client import RedisUnavailable
from daybook.query.caller import Caller
from daybook.query.exports.request import ExportRequest
from daybook.query.exports.secret import Secret
from daybook.query.problem import unavailable, wrong
from daybook.query.read.mongo import Document
from daybook.query.read.redis import Live
from daybook.query.read.scope import Scope
from models.export import Exports

HEADER = "Idempotency-Key"
_MARK_BYTES = 16
_SECONDS = 24 * 3600
"""How long Redis knows a job that no worker has queued. A queued job's document has the mark."""


def mark_of(secret: Secret, organization: str, caller: Caller, key: str) -> str:
    """What is stored instead of the caller and their key."""
    return secret.sign("idempotency", organization, caller.id, key)[:_MARK_BYTES].hex()


async def queued_job(scope: Scope, mark: str, export_request: ExportRequest) -> Document | None:
    """The job of an earlier request with this mark, if a worker has queued it.

    Raises Problem (422) if that request was another one.
    """
    stored = await scope.find_one(Exports.collection, {"idempotency_mark": mark})
    if stored is not None:
        earlier = {name: stored[name] for name in ExportRequest.model_fields}
        _check_same(earlier == export_request.model_dump())
    return stored


class JobIds:
    """The ids of jobs that no worker has queued yet, in Redis, by mark.

    `database` separates fleets that share a Redis.
    """

    def __init__(self, live: Live, database: str) -> None:
        self._live = live
        self._prefix = f"daybook:query:export:{database}:"

    async def reserve(self, mark: str, job_id: str, export_request: ExportRequest) -> str:
        """The id of the earlier request with this mark, else `job_id`.

        Raises Problem: 422 if the earlier request was another one, 503 while Redis is unavailable.
        """
        name = self._prefix + mark
        digest = hashlib.sha256(export_request.model_dump_json().encode()).hexdigest()
        own = f"{job_id} {digest}".encode()
        try:
            await self._live.call(lambda redis: redis.set(name, own, nx=True, ex=_SECONDS))
            found = await self._live.call(lambda redis: redis.get(name))
        except RedisUnavailable:
            raise unavailable(f"{HEADER} cannot be checked at the moment") from None
        earlier = found if isinstance(found, bytes) else own
        earlier_id, _, earlier_digest = earlier.decode().partition(" ")
        _check_same(earlier_digest == digest)
        return earlier_id


def _check_same(is_same: bool) -> None:
    if not is_same:
        raise wrong(HEADER, "was sent before, with another request")
