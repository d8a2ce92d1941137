"""Publishes an attacker's messages to the fleet's topics, as a producer with write rights can."""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import KafkaException, Message, Producer

from attack.attack import Target
from daybook.engine.kafka import clients
from schemas.catalogue import topic_name
from schemas.envelope import moment_text

USERS, ORDERS, FUNNELS = "sc.domain.user", "sc.domain.order", "sc.domain.funnel"
EVENTS, TRACKING, EXPORTS = "sc.domain.event", "sc.tracking.funnel", "sc.analytics.exports"
TOPICS = (USERS, ORDERS, FUNNELS, EVENTS, TRACKING, EXPORTS)

Published = tuple[str | bytes | None, bytes | None]
"""Key and value."""

_BYTES_MAX = 64 * 2**20
_FLUSH_SECONDS = 30.0


class Publisher:
    """`count` messages were accepted by the broker, `refused` were not.

    `partitions`: by key, the partition of its newest message. `options` are the client's own.
    """

    def __init__(self, target: Target, **options: Any) -> None:
        own = clients.common(target.settings) | {
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "message.max.bytes": _BYTES_MAX,
            "queue.buffering.max.kbytes": 2**20,
            "message.timeout.ms": int(_FLUSH_SECONDS * 1_000),
        }
        self._producer = Producer(own | options)
        self.count = 0
        self.refused = 0
        self.partitions: dict[bytes, int] = {}

    def publish(
        self,
        entry: str,
        messages: Iterable[Published],
        headers: Mapping[str, bytes] | None = None,
        partition: int = -1,
        **more: Any,
    ) -> None:
        """Publishes to the topic of an entry of topics.yaml; returns once the broker has answered.

        `more`: further arguments of the client's `produce`, such as `timestamp`.
        """
        topic = topic_name(entry)
        for key, value in messages:
            while True:
                try:
                    self._producer.produce(
                        topic,
                        key=key,
                        value=value,
                        headers=dict(headers or {}),
                        partition=partition,
                        on_delivery=self._note,
                        **more,
                    )
                except BufferError:
                    self._producer.poll(0.05)
                except KafkaException:
                    self.refused += 1
                    break
                else:
                    break
            self._producer.poll(0)
        self._producer.flush(_FLUSH_SECONDS)

    def _note(self, error: object, message: Message) -> None:
        if error is not None:
            self.refused += 1
            return
        self.count += 1
        key, partition = message.key(), message.partition()
        if isinstance(key, bytes) and partition is not None:
            self.partitions[key] = partition

    def __str__(self) -> str:
        refused = f", {self.refused:,} refused by the broker" if self.refused else ""
        return f"{self.count:,} messages{refused}"


def event(
    event_type: str,
    data: Mapping[str, Any],
    organization: str = "attacker",
    ago: timedelta = timedelta(),
    **envelope: Any,
) -> dict[str, Any]:
    """A new event that occurred `ago`."""
    return {
        "event_id": str(uuid.uuid4()),
        "event_type": event_type,
        "occurred_at": moment_text(datetime.now(UTC) - ago),
        "schema_version": 1,
        "organization_id": organization,
        "data": dict(data),
    } | envelope


def message(key: str, body: Any) -> Published:
    # Halves of characters have no bytes of their own; in the value they are escapes.
    return key.encode(errors="surrogatepass"), json.dumps(body).encode()
