"""Writes dead letters: first the position to MongoDB, then the message to the dead-letter topic.

Once recorded, a position stays a dead letter, whatever a later version of the code would say.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from daybook.engine import bookkeeping
from daybook.engine.batch import FAULT, Batch, DeadLetter
from daybook.engine.errors import TooManyFaults, Unavailable
from daybook.engine.failpoints import reach
from daybook.engine.metrics import DEAD_LETTER_FAILURES, DEAD_LETTERS, FAULTS
from daybook.engine.mongo.client import Documents, only_duplicates, reachable
from daybook.engine.partition import Partition
from daybook.engine.protocol.stored_message import CUT, WHOLE, Sizes, is_cut, stored

log = structlog.get_logger()

DELIVERY_SECONDS = 60.0
_POLL_SECONDS = 0.1

FAULTS_AN_HOUR_MAX = 100
"""A fault of the code that more messages meet in an hour is no matter of single messages."""

DETAIL_CHARS_MAX = 500
"""A detail may hold the path of a field, whose names a producer chooses."""


class DeadLetters:
    """The dead letters of one group."""

    def __init__(
        self,
        group: str,
        documents: Documents,
        producer: Producer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._group = group
        self._collection = documents[bookkeeping.DEAD_LETTERS]
        self._producer = producer
        self._clock = clock

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
        """Records and produces the dead letters that the batch got since the last call.

        Raises Unavailable; and TooManyFaults if there are more faults than the limit allows, after
        it has written those that it allows.
        """
        unwritten = batch.dead[batch.dead_letters_written :]
        if not unwritten:
            return
        partition, now = batch.partition, self._clock()
        new = self._new_faults(partition, unwritten)
        over = {one.offset for one in new[self._faults_allowed(now) :]} if new else set()
        written = [one for one in unwritten if one.offset not in over]
        reach("before_dead_letter")
        self._record(partition, written, now)
        reach("within_dead_letter")
        self._produce(partition, written)
        reach("after_dead_letter")
        for one in written:
            DEAD_LETTERS.labels(self._group, partition.topic, one.reason).inc()
        for one in new:
            if one.offset not in over:
                self._report(partition, one)
        if over:
            raise TooManyFaults(
                f"{partition}: more than {FAULTS_AN_HOUR_MAX} messages in an hour at which "
                f"{self._group} itself fails, the next at offset {min(over)}: see `daybook dlq "
                f"list {partition.topic}` and the log for the place in the code, and start a "
                "version without the fault. The members count on when the hour is over"
            )
        batch.dead_letters_written = len(batch.dead)

    def _new_faults(
        self, partition: Partition, dead_letters: Sequence[DeadLetter]
    ) -> list[DeadLetter]:
        """The faults among them that nobody has recorded yet, in log order."""
        faults = {self._id(partition, d.offset): d for d in dead_letters if d.reason == FAULT}
        if not faults:
            return []
        with reachable():
            for known in self._collection.find({"_id": {"$in": list(faults)}}, {"_id": 1}):
                del faults[known["_id"]]
        return sorted(faults.values(), key=lambda one: one.offset)

    def _faults_allowed(self, now: datetime) -> int:
        hour = {"$gt": now - timedelta(hours=1)}
        recent = {"group": self._group, "reason": FAULT, "at": hour}
        with reachable():
            count = self._collection.count_documents(recent, limit=FAULTS_AN_HOUR_MAX)
        return FAULTS_AN_HOUR_MAX - count

    def _report(self, partition: Partition, fault: DeadLetter) -> None:
        FAULTS.labels(self._group, partition.topic).inc()
        log.error(
            "message in quarantine",
            group=self._group,
            partition=str(partition),
            offset=fault.offset,
            kind=fault.detail,
            trace=fault.trace,
        )

    def _record(
        self, partition: Partition, dead_letters: Sequence[DeadLetter], now: datetime
    ) -> None:
        inserts = [
            InsertOne(
                record(
                    self._group,
                    partition,
                    one.offset,
                    one.reason,
                    one.detail,
                    now,
                    is_cut=is_cut(one, WHOLE),
                )
            )
            for one in dead_letters
        ]
        if not inserts:
            return
        with reachable():
            try:
                self._collection.bulk_write(inserts, ordered=False)
            except BulkWriteError as error:
                only_duplicates(error, bookkeeping.DEAD_LETTERS)

    def _produce(self, partition: Partition, dead_letters: Sequence[DeadLetter]) -> None:
        """Produces them whole, as far as they have a size that the topic should take; those that it
        refuses are cut, since their positions could not be passed otherwise."""
        refused = self._send(partition, dead_letters, WHOLE)
        if not refused:
            return
        ids = [self._id(partition, one.offset) for one in refused]
        with reachable():
            self._collection.update_many({"_id": {"$in": ids}}, {"$set": {"cut": True}})
        if self._send(partition, refused, CUT):
            raise self._unavailable(
                partition, f"it takes no {CUT.value:,} bytes: raise its max.message.bytes"
            )

    def _send(
        self, partition: Partition, dead_letters: Sequence[DeadLetter], sizes: Sizes
    ) -> list[DeadLetter]:
        """Produces the dead letters, cut to these sizes; returns those refused as too large."""
        failures: list[KafkaError] = []
        refused: list[DeadLetter] = []

        def on_delivery(dead_letter: DeadLetter, error: KafkaError | None, _: Any) -> None:
            if error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                refused.append(dead_letter)
            elif error is not None:
                failures.append(error)

        deadline = monotonic() + DELIVERY_SECONDS
        for dead_letter in dead_letters:
            message = stored(dead_letter, sizes)
            headers = self._headers(partition, dead_letter) + message.headers
            is_queued = False
            while not is_queued:
                try:
                    self._producer.produce(
                        f"{partition.topic}.dlq",
                        value=message.value,
                        key=message.key,
                        headers=headers,
                        on_delivery=partial(on_delivery, dead_letter),
                    )
                    is_queued = True
                except BufferError:
                    # Large messages fill the queue; it empties as the broker takes them.
                    if monotonic() > deadline:
                        raise self._unavailable(partition, "timed out") from None
                    self._producer.poll(_POLL_SECONDS)
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                        raise self._unavailable(partition, str(error)) from error
                    refused.append(dead_letter)
                    is_queued = True
        left = self._producer.flush(max(0.0, deadline - monotonic()))
        if left or failures:
            raise self._unavailable(partition, failures[0].str() if failures else "timed out")
        return refused

    def _unavailable(self, partition: Partition, why: str) -> Unavailable:
        DEAD_LETTER_FAILURES.labels(self._group).inc()
        return Unavailable(f"Kafka did not accept a dead letter on {partition.topic}.dlq: {why}")

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
            ("daybook-detail", dead_letter.detail[:DETAIL_CHARS_MAX]),
        ]

    def _id(self, partition: Partition, offset: int) -> str:
        return record_id(self._group, partition, offset)


def record_id(group: str, partition: Partition, offset: int) -> str:
    """The `_id` of the record of a message that is a dead letter for this group."""
    return f"{group}:{partition.topic_id}:{partition.number}:{offset}"


def record(
    group: str,
    partition: Partition,
    offset: int,
    reason: str,
    detail: str,
    now: datetime,
    *,
    is_cut: bool = False,
) -> dict[str, Any]:
    """The stored record of a dead letter that nobody has replayed yet."""
    return {
        "_id": record_id(group, partition, offset),
        "group": group,
        "topic": partition.topic,
        "topic_id": partition.topic_id,
        "partition": partition.number,
        "offset": offset,
        "reason": reason,
        "detail": detail[:DETAIL_CHARS_MAX],
        "at": now,
        "replayed": None,
        "cut": is_cut,
    }
