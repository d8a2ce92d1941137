"""Sends dead letters to their source partitions again, each exactly once, despite crashes.

A record is marked `replaying`, with the partition's end offset, before its message is sent, and
`replayed` afterwards. Copies are sent in transactions under one transactional id per fleet and
topic, so a new replay fences every earlier one. Whether a record found `replaying` was sent can
therefore be decided by searching the log for the copy: no earlier replay can still send it.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from daybook.engine.decode.decoder import REPLAY_GROUP
from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import Place, kafka_errors, log_bounds, topic_ids
from daybook.engine.kafka.clients import MESSAGE_BYTES_MAX, REQUEST_SECONDS, common
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.kafka.scan import scan
from daybook.engine.operations.dead_letter_messages import OriginalMessage, dead_letter_messages
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.settings import Settings

REPLAY_OF = "daybook-replay-of"
BATCH_MESSAGES_MAX = 500
BATCH_BYTES_MAX = 32 * 2**20
_COMMIT_SECONDS = 20.0
_TRANSACTION_MS = 20_000
_FENCED = ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")

Progress = Callable[[int], None]
"""Called with the number of records replayed so far."""


@dataclass(slots=True)
class Replayed:
    """The outcome of a replay: `sent` messages, those `found` to have been sent by an earlier
    replay that died, the `lost` records, whose messages no topic has any more, and the `too_large`
    ones, of whose messages only the beginning is left, or which the topic does not take.

    Records in none of these were claimed by another replay meanwhile.
    """

    sent: int = 0
    found: int = 0
    lost: list[DeadLetterRecord] = field(default_factory=list)
    too_large: list[DeadLetterRecord] = field(default_factory=list)


class Replay:
    """Replays dead letters of one topic. Every method raises DaybookError and Unavailable."""

    def __init__(
        self,
        settings: Settings,
        client: AdminClient,
        records: DeadLetterRecords,
        fleet: str,
        topic: str,
    ) -> None:
        self._settings = settings
        self._client = client
        self._records = records
        self._topic = topic
        self._producer = _producer(settings, f"daybook-replay.{fleet}.{topic}")
        ids = topic_ids(client, [topic])
        if topic not in ids:
            raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
        self._topic_id = ids[topic]

    def run(
        self, chosen: Collection[DeadLetterRecord], progress: Progress = lambda done: None
    ) -> Replayed:
        """Replays those of the chosen records that have not been replayed yet."""
        with _replay_errors("starting the replay"):
            self._producer.init_transactions(REQUEST_SECONDS)
        outcome = Replayed()
        bounds = log_bounds(self._client, [self._topic])
        current = [one for one in self._records.reload(chosen) if one.replayed != "replayed"]
        outcome.lost = [one for one in current if (self._topic, one.partition) not in bounds]
        found = self._find_sent([one for one in current if one.replayed == "replaying"], bounds)
        outcome.found = len(found)
        done = found.union(one.id for one in outcome.lost)
        pending = {one.id: one for one in current if one.id not in done}
        batch: list[OriginalMessage] = []
        size = 0
        for original in dead_letter_messages(self._settings, self._client, list(pending.values())):
            del pending[original.record.id]
            bytes_of_it = len(original.key or b"") + len(original.value or b"")
            if original.cut or bytes_of_it > MESSAGE_BYTES_MAX:
                outcome.too_large.append(original.record)
                continue
            batch.append(original)
            size += bytes_of_it
            if len(batch) >= BATCH_MESSAGES_MAX or size >= BATCH_BYTES_MAX:
                self._send(batch, outcome)
                progress(outcome.sent + outcome.found)
                batch, size = [], 0
        self._send(batch, outcome)
        outcome.lost += pending.values()
        return outcome

    def _find_sent(
        self, replaying: list[DeadLetterRecord], bounds: dict[Place, LogBounds]
    ) -> set[str]:
        """Marks the records whose copy is in the log as replayed; returns their ids."""
        ranges = search_ranges(replaying, self._topic_id, bounds)
        wanted: dict[tuple[object, object], DeadLetterRecord] = {
            (record.origin.encode(), record.group.encode()): record for record in replaying
        }
        found = set()
        for message in scan(self._settings, ranges):
            headers = dict(message.headers() or [])
            record = wanted.get((headers.get(REPLAY_OF), headers.get(REPLAY_GROUP)))
            if record is not None:
                self._records.mark_replayed(record)
                found.add(record.id)
        return found

    def _send(self, batch: list[OriginalMessage], outcome: Replayed) -> None:
        if not batch:
            return
        bounds = log_bounds(self._client, [self._topic])
        claimed = [message for message in batch if self._claim(message.record, bounds)]
        if not claimed:
            return
        with _replay_errors(f"sending to {self._topic}"), self._transaction():
            for record, key, value, _ in claimed:
                self._producer.produce(
                    self._topic,
                    value,
                    key,
                    partition=record.partition,
                    headers=[(REPLAY_OF, record.origin), (REPLAY_GROUP, record.group)],
                )
        for message in claimed:
            self._records.mark_replayed(message.record)
        outcome.sent += len(claimed)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._producer.begin_transaction()
        try:
            yield
            _commit(self._producer)
        except KafkaException:
            # An open transaction would hide later messages from every member until it times out.
            with suppress(KafkaException):
                self._producer.abort_transaction(REQUEST_SECONDS)
            raise

    def _claim(self, record: DeadLetterRecord, bounds: dict[Place, LogBounds]) -> bool:
        """Whether this replay is to send the record's message."""
        if record.replayed == "replaying":
            return True
        return self._records.mark_replaying(
            record, bounds[self._topic, record.partition].high, self._topic_id
        )


def search_ranges(
    replaying: Iterable[DeadLetterRecord], topic_id: str, bounds: dict[Place, LogBounds]
) -> dict[Place, LogBounds]:
    """The ranges of the log that contain the copies of records found `replaying`, if sent.

    Raises DaybookError if the log no longer holds a range.
    """
    ranges: dict[Place, LogBounds] = {}
    for record in replaying:
        place = record.topic, record.partition
        held = bounds.get(place)
        start = record.replay_from or 0
        sent_to = record.replay_topic_id or record.topic_id
        if held is None or sent_to != topic_id or not held.low <= start <= held.high:
            raise DaybookError(
                f"{record.id}: its replay was interrupted, and the log no longer shows whether the "
                'message was sent. If it was counted, set `replayed` to "replayed" in '
                "_daybook_dead_letters, else to null; then run the command again"
            )
        low = min(start, ranges[place].low) if place in ranges else start
        ranges[place] = LogBounds(low, held.high)
    return ranges


def _producer(settings: Settings, transactional_id: str) -> Producer:
    # librdkafka would also log that it was fenced; the exception reports it.
    silent = logging.getLogger("daybook.replay")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    options = {"transactional.id": transactional_id, "transaction.timeout.ms": _TRANSACTION_MS}
    size = {"message.max.bytes": MESSAGE_BYTES_MAX + 2**20, "compression.type": "lz4"}
    return Producer(common(settings) | options | size, logger=silent)


def _commit(producer: Producer) -> None:
    """Commits the transaction, repeating the request after a retriable error; it is idempotent."""
    deadline = monotonic() + _COMMIT_SECONDS
    while True:
        try:
            return producer.commit_transaction(REQUEST_SECONDS)
        except KafkaException as error:
            if not error.args[0].retriable() or monotonic() > deadline:
                raise


@contextmanager
def _replay_errors(action: str) -> Iterator[None]:
    try:
        with kafka_errors(action):
            yield
    except DaybookError as error:
        cause = error.__cause__
        if isinstance(cause, KafkaException) and cause.args[0].name() in _FENCED:
            raise DaybookError(
                "another `dlq replay` of this topic has started and stops this one; already-sent "
                "messages are marked; run the command again"
            ) from error
        raise
