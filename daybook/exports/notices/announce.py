"""Announces that a job has ended: by an event in Kafka, and by the configured notices."""

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from pydantic_core import to_json

from daybook.engine.errors import Unavailable
from daybook.exports.metrics import NOTICES
from daybook.query.exports.secret import Secret
from daybook.query.exports.signed_link import link
from schemas.envelope import moment_text

DELIVERY_SECONDS = 60.0
_NAMESPACE = uuid.UUID("5b0f6c1e-3a52-4f6e-8f0e-0a8d1a3c7d11")
_log = structlog.get_logger()

Document = dict[str, Any]


class Notice(Protocol):
    """A way to notify people; `way` is the value of a metric's label."""

    way: str

    def send(self, notice: Document, requester: str | None = None) -> None:
        """`requester`: address of the person who asked, if known.

        Raises OSError, HTTPException, SMTPException.
        """


class Announcer:
    """The event is sent until Kafka has stored it; a failed notice is logged and not repeated.

    An event that is sent again after a crash has the same `event_id`.
    """

    def __init__(
        self,
        topic: str,
        producer: Producer,
        secret: Secret,
        public_url: str | None,
        notices: Sequence[Notice],
    ) -> None:
        self._topic = topic
        self._producer = producer
        self._secret = secret
        self._public_url = public_url
        self._notices = notices

    def announce(self, ended: Document) -> None:
        """`ended` is the document of a job that has ended. Raises Unavailable."""
        event_type = "export.failed" if ended["status"] == "failed" else "export.completed"
        self._publish(event_type, ended)
        content = self._content(event_type, ended)
        for notice in self._notices:
            try:
                notice.send(content, ended.get("requester_email"))
            except Exception as error:
                NOTICES.labels(notice.way, "failed").inc()
                _log.warning("notice failed", way=notice.way, why=type(error).__name__)
            else:
                NOTICES.labels(notice.way, "sent").inc()

    def _content(self, event_type: str, ended: Document) -> Document:
        job = ended["organization_id"], ended["job_id"]
        content: Document = {
            "event": event_type,
            "organization_id": ended["organization_id"],
            "job_id": ended["job_id"],
            "report_type": ended["report_type"],
            "format": ended["format"],
            "date_from": ended["date_from"],
            "date_to": ended["date_to"],
        }
        if ended["status"] == "failed":
            return content | {"reason": ended["reason"]}
        return content | {
            "rows": int(ended["rows"]),
            "bytes": int(ended["bytes"]),
            "expires_at": moment_text(ended["expires_at"]),
            "download_url": link(self._secret, self._public_url, *job, ended["expires_at"]),
        }

    def _publish(self, event_type: str, ended: Document) -> None:
        data: Document = {"job_id": ended["job_id"]}
        if ended["status"] == "failed":
            data |= {"reason": ended["reason"]}
        else:
            data |= {"bytes": int(ended["bytes"]), "rows": int(ended["rows"])}
            data |= {"expires_at": moment_text(ended["expires_at"])}
        event = {
            "event_id": str(uuid.uuid5(_NAMESPACE, f"{event_type}:{ended['_id']}")),
            "event_type": event_type,
            "occurred_at": moment_text(ended["ended_at"]),
            "schema_version": 1,
            "organization_id": ended["organization_id"],
            "data": data,
        }
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                failures.append(error)

        try:
            key = ended["job_id"].encode()
            self._producer.produce(self._topic, to_json(event), key, on_delivery=delivered)
            unsent = self._producer.flush(DELIVERY_SECONDS)
        except (BufferError, KafkaException) as error:
            raise Unavailable(f"Kafka accepts no event for {self._topic}: {error}") from error
        if unsent or failures:
            raise Unavailable(f"Kafka accepts no event for {self._topic}")
