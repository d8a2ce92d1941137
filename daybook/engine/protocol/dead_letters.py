"""Writes dead letters: first the position to MongoDB, then the message to the dead-letter topic.

Once recorded, a position stays a dead letter, whatever a later version of the code would say.
"""

from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from daybook.engine import bookkeeping
from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.errors import Unavailable
from daybook.engine.failpoints import reach
from daybook.engine.metrics import DEAD_LETTER_FAILURES, DEAD_LETTERS
from daybook.engine.mongo.client import Documents, only_duplicates, reachable
from daybook.engine.partition import Partition

DELIVERY_SECONDS = 60.0


class DeadLetters:
    """The dead letters of one group."""

    def __init__(self, group: str, documents: Documents, producer: Producer) -> None:
        self._group = group
        self._collection = documents[bookkeeping.DEAD_LETTERS]
        self._producer = producer

    def positions(self, partition: Partition, start: int) -> dict[int, tuple[str, str]]:
        """Reason and detail of the dead letters at or above `start`, by offset.

        Raises Unavailable.
        """
        where = {
            "group": self._group,
            "topic_id": partition.topic_id,
            "partition": partition.number,
            "offset": {"$gte": start},
        }
        with reachable():
            records = self._collection.find(where, {"offset": 1, "reason": 1, "detail": 1})
            return {d["offset"]: (d["reason"], d["detail"]) for d in records}

    def write(self, batch: Batch) -> None:
        """Records and produces the batch's dead letters, once per batch. Raises Unavailable."""
        if batch.dead_letters_written:
            return
        if batch.dead:
            reach("before_dead_letter")
            self._record(batch.partition, batch.dead)
            reach("within_dead_letter")
            self._produce(batch.partition, batch.dead)
            reach("after_dead_letter")
        batch.dead_letters_written = True
        for dead_letter in batch.dead:
            DEAD_LETTERS.labels(self._group, batch.partition.topic, dead_letter.reason).inc()

    def _record(self, partition: Partition, dead_letters: list[DeadLetter]) -> None:
        now = datetime.now(UTC)
        inserts = [
            InsertOne(
                {
                    "_id": self._id(partition, dead_letter.offset),
                    "group": self._group,
                    "topic": partition.topic,
                    "topic_id": partition.topic_id,
                    "partition": partition.number,
                    "offset": dead_letter.offset,
                    "reason": dead_letter.reason,
                    "detail": dead_letter.detail,
                    "at": now,
                    "replayed": None,
                }
            )
            for dead_letter in dead_letters
        ]
        with reachable():
            try:
                self._collection.bulk_write(inserts, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error)

    def _produce(self, partition: Partition, dead_letters: list[DeadLetter]) -> None:
        failures: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                failures.append(error)

        try:
            for dead_letter in dead_letters:
                self._producer.produce(
                    f"{partition.topic}.dlq",
                    value=dead_letter.value,
                    key=dead_letter.key,
                    headers=self._headers(partition, dead_letter),
                    on_delivery=on_delivery,
                )
            left = self._producer.flush(DELIVERY_SECONDS)
        except (BufferError, KafkaException) as error:
            left, failures = 1, failures
            why = str(error)
        else:
            why = failures[0].str() if failures else "timed out"
        if left or failures:
            DEAD_LETTER_FAILURES.labels(self._group).inc()
            raise Unavailable(f"Kafka did not accept a dead letter on {partition.topic}.dlq: {why}")

    def _headers(
        self, partition: Partition, dead_letter: DeadLetter
    ) -> list[tuple[str, str | bytes | None]]:
        return [
            ("daybook-topic", partition.topic),
            ("daybook-topic-id", partition.topic_id),
            ("daybook-partition", str(partition.number)),
            ("daybook-offset", str(dead_letter.offset)),
            ("daybook-group", self._group),
            ("daybook-reason", dead_letter.reason),
            ("daybook-detail", dead_letter.detail),
        ]

    def _id(self, partition: Partition, offset: int) -> str:
        return f"{self._group}:{partition.topic_id}:{partition.number}:{offset}"
