"""Publishes export requests to Kafka, as events `export.requested`, for the export workers."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from pydantic_core import to_json

from daybook.engine.kafka.async_producer import AsyncProducer, ProducerLimits
from daybook.engine.settings import Settings
from daybook.query.exports.request import ExportRequest
from daybook.query.problem import unavailable
from schemas.envelope import moment_text

_QUEUE_MESSAGES = 10_000


class Publisher:
    """Belongs to the event loop's thread; starts connecting to Kafka at once."""

    def __init__(self, settings: Settings, topic: str) -> None:
        limits = ProducerLimits(0, settings.query_timeout_ms, _QUEUE_MESSAGES)
        self._producer = AsyncProducer(settings, topic, limits)

    async def publish(
        self,
        job_id: str,
        organization: str,
        export_request: ExportRequest,
        now: datetime,
        requester: Mapping[str, str],
    ) -> None:
        """Returns once the brokers have acknowledged the event. Raises Problem (503) otherwise.

        `requester`: the event's fields about the caller.
        """
        event = {
            "event_id": str(uuid.uuid4()),
            "event_type": "export.requested",
            "occurred_at": moment_text(now),
            "schema_version": 1,
            "organization_id": organization,
            "data": {"job_id": job_id, **export_request.model_dump(exclude_none=True), **requester},
        }
        [is_acknowledged] = await self._producer.send([(job_id.encode(), to_json(event))])
        if not is_acknowledged:
            raise unavailable("exports cannot be accepted at the moment")

    async def close(self) -> None:
        await self._producer.close()
