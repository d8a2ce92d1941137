"""Hands what was asked for to the workers: `export.requested`, once the brokers have it."""

import uuid
from datetime import datetime

from pydantic_core import to_json

from daybook.engine.kafka.async_producer import AsyncProducer, ProducerLimits
from daybook.engine.settings import Settings
from daybook.query.exports.request import ExportRequest
from daybook.query.problem import unavailable
from schemas.envelope import moment_text

_QUEUE_MESSAGES = 10_000


class Publisher:
    """Of the loop's thread; begins to ask for the cluster at once."""

    def __init__(self, settings: Settings, topic: str) -> None:
        sending = ProducerLimits(0, settings.query_timeout_ms, _QUEUE_MESSAGES)
        self._sender = AsyncProducer(settings, topic, sending)

    async def publish(
        self, job_id: str, organization: str, order: ExportRequest, now: datetime
    ) -> None:
        """Raises Problem (503) unless the brokers are known to have it."""
        event = {
            "event_id": str(uuid.uuid4()),
            "event_type": "export.requested",
            "occurred_at": moment_text(now),
            "schema_version": 1,
            "organization_id": organization,
            "data": {"job_id": job_id, **order.model_dump(exclude_none=True)},
        }
        [has] = await self._sender.send([(job_id.encode(), to_json(event))])
        if not has:
            raise unavailable("exports cannot be taken at the moment")

    async def close(self) -> None:
        await self._sender.close()
