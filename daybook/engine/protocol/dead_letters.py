"""Dead letters: first the position, which is dead from then on, then the bytes as they came."""

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
        """Reason and detail of each offset at or above `start` that is dead. Raises Unavailable."""
        where = {
            "group": self._group,
            "topic_id": partition.topic_id,
            "partition": partition.number,
            "offset": {"$gte": start},
        }
        with reachable():
            found = self._collection.find(where, {"offset": 1, "reason": 1, "detail": 1})
            return {d["offset"]: (d["reason"], d["detail"]) for d in found}

    def write(self, batch: Batch) -> None:
        """Records and produces the batch's dead letters, once; raises Unavailable."""
        if batch.buried:
            return
        if batch.dead:
            reach("before_dead_letter")
            self._record(batch.partition, batch.dead)
            reach("within_dead_letter")
            self._produce(batch.partition, batch.dead)
            reach("after_dead_letter")
        batch.buried = True
        for letter in batch.dead:
            DEAD_LETTERS.labels(self._group, batch.partition.topic, letter.reason).inc()

    def _record(self, partition: Partition, letters: list[DeadLetter]) -> None:
        now = datetime.now(UTC)
        inserts = [
            InsertOne(
                {
                    "_id": self._id(partition, letter.offset),
                    "group": self._group,
                    "topic": partition.topic,
                    "topic_id": partition.topic_id,
                    "partition": partition.number,
                    "offset": letter.offset,
                    "reason": letter.reason,
                    "detail": letter.detail,
                    "at": now,
                    "replayed": None,
                }
            )
            for letter in letters
        ]
        with reachable():
            try:
                self._collection.bulk_write(inserts, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error)

    def _produce(self, partition: Partition, letters: list[DeadLetter]) -> None:
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Any) -> None:
            if error is not None:
                failures.append(error)

        try:
            for letter in letters:
                self._producer.produce(
                    f"{partition.topic}.dlq",
                    value=letter.value,
                    key=letter.key,
                    headers=self._headers(partition, letter),
                    on_delivery=delivered,
                )
            left = self._producer.flush(DELIVERY_SECONDS)
        except (BufferError, KafkaException) as error:
            left, failures = 1, failures
            why = str(error)
        else:
            why = failures[0].str() if failures else "it took too long"
        if left or failures:
            DEAD_LETTER_FAILURES.labels(self._group).inc()
            raise Unavailable(f"Kafka does not take a dead letter on {partition.topic}.dlq: {why}")

    def _headers(
        self, partition: Partition, letter: DeadLetter
    ) -> list[tuple[str, str | bytes | None]]:
        return [
            ("daybook-topic", partition.topic),
            ("daybook-topic-id", partition.topic_id),
            ("daybook-partition", str(partition.number)),
            ("daybook-offset", str(letter.offset)),
            ("daybook-group", self._group),
            ("daybook-reason", letter.reason),
            ("daybook-detail", letter.detail),
        ]

    def _id(self, partition: Partition, offset: int) -> str:
        return f"{self._group}:{partition.topic_id}:{partition.number}:{offset}"
