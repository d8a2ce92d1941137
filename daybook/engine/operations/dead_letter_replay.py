"""Sends dead letters to their source partition again, each once, whatever dies in between.

A letter is marked `replaying`, with the partition's end, before it is sent, and `replayed` after.
Copies are sent in transactions under one transactional id a fleet and topic: whoever starts a
replay thereby ends every earlier one, so that a letter found `replaying` is settled by looking
whether its copy is in the log, and nobody can still be about to send it.
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
from daybook.engine.kafka.admin import Place, answering, log_bounds, topic_ids
from daybook.engine.kafka.clients import MESSAGE_BYTES_MAX, REQUEST_SECONDS, common
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.kafka.scan import scan
from daybook.engine.operations.dead_letter_messages import Original, dead_letter_messages
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.settings import Settings

REPLAY_OF = "daybook-replay-of"
BATCH_LETTERS_MAX = 500
BATCH_BYTES_MAX = 32 * 2**20
_COMMIT_SECONDS = 20.0
_TRANSACTION_MS = 20_000
_FENCED = ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")

Progress = Callable[[int], None]
"""Told how many letters are dealt with."""


@dataclass(slots=True)
class Replayed:
    """`found`: sent by an earlier replay that died; `lost`: the letters whose messages nobody has
    any more. What is none of these was taken by another replay meanwhile."""

    sent: int = 0
    found: int = 0
    lost: list[DeadLetterRecord] = field(default_factory=list)


class Replay:
    """Replays letters of one topic. Everything raises DaybookError and Unavailable."""

    def __init__(
        self,
        settings: Settings,
        client: AdminClient,
        letters: DeadLetterRecords,
        fleet: str,
        topic: str,
    ) -> None:
        self._settings = settings
        self._client = client
        self._letters = letters
        self._topic = topic
        self._producer = _producer(settings, f"daybook-replay.{fleet}.{topic}")
        ids = topic_ids(client, [topic])
        if topic not in ids:
            raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
        self._topic_id = ids[topic]

    def run(
        self, chosen: Collection[DeadLetterRecord], progress: Progress = lambda done: None
    ) -> Replayed:
        """Replays what of these letters was not; the others are left alone."""
        with _refusals("beginning to replay"):
            self._producer.init_transactions(REQUEST_SECONDS)
        outcome = Replayed()
        bounds = log_bounds(self._client, [self._topic])
        now = [one for one in self._letters.again(chosen) if one.replayed != "replayed"]
        outcome.lost = [one for one in now if (self._topic, one.partition) not in bounds]
        settled = self._settle([one for one in now if one.replayed == "replaying"], bounds)
        outcome.found = len(settled)
        gone = settled.union(one.id for one in outcome.lost)
        pending = {one.id: one for one in now if one.id not in gone}
        batch: list[Original] = []
        size = 0
        for original in dead_letter_messages(self._settings, self._client, list(pending.values())):
            del pending[original.letter.id]
            batch.append(original)
            size += len(original.value or b"")
            if len(batch) >= BATCH_LETTERS_MAX or size >= BATCH_BYTES_MAX:
                self._send(batch, outcome)
                progress(outcome.sent + outcome.found)
                batch, size = [], 0
        self._send(batch, outcome)
        outcome.lost += pending.values()
        return outcome

    def _settle(self, begun: list[DeadLetterRecord], bounds: dict[Place, LogBounds]) -> set[str]:
        """Marks those whose copy is in the log already; returns their ids."""
        stretches = search_area(begun, self._topic_id, bounds)
        wanted: dict[tuple[object, object], DeadLetterRecord] = {
            (letter.origin.encode(), letter.group.encode()): letter for letter in begun
        }
        settled = set()
        for message in scan(self._settings, stretches):
            headers = dict(message.headers() or [])
            letter = wanted.get((headers.get(REPLAY_OF), headers.get(REPLAY_GROUP)))
            if letter is not None:
                self._letters.mark_replayed(letter)
                settled.add(letter.id)
        return settled

    def _send(self, batch: list[Original], outcome: Replayed) -> None:
        if not batch:
            return
        bounds = log_bounds(self._client, [self._topic])
        mine = [one for one in batch if self._claim(one.letter, bounds)]
        if not mine:
            return
        with _refusals(f"sending to {self._topic}"), self._transaction():
            for one in mine:
                self._producer.produce(
                    self._topic,
                    one.value,
                    one.key,
                    partition=one.letter.partition,
                    headers=[(REPLAY_OF, one.letter.origin), (REPLAY_GROUP, one.letter.group)],
                )
        for one in mine:
            self._letters.mark_replayed(one.letter)
        outcome.sent += len(mine)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._producer.begin_transaction()
        try:
            yield
            _commit(self._producer)
        except KafkaException:
            # Left open, it would hide what follows from every member until it times out.
            with suppress(KafkaException):
                self._producer.abort_transaction(REQUEST_SECONDS)
            raise

    def _claim(self, letter: DeadLetterRecord, bounds: dict[Place, LogBounds]) -> bool:
        """Whether this replay is the one to send it."""
        if letter.replayed == "replaying":
            return True
        return self._letters.mark_replaying(
            letter, bounds[self._topic, letter.partition].high, self._topic_id
        )


def search_area(
    begun: Iterable[DeadLetterRecord], topic_id: str, bounds: dict[Place, LogBounds]
) -> dict[Place, LogBounds]:
    """Where the copies of letters found `replaying` stand, if they were sent.

    Raises DaybookError when the log cannot tell any more whether one was.
    """
    area: dict[Place, LogBounds] = {}
    for letter in begun:
        place = letter.topic, letter.partition
        here = bounds.get(place)
        start = letter.replay_from or 0
        sent_to = letter.replay_topic_id or letter.topic_id
        if here is None or sent_to != topic_id or not here.low <= start <= here.high:
            raise DaybookError(
                f"{letter.id}: a replay of it died, and the log no longer tells whether it was "
                'sent before. If it is counted, set its `replayed` to "replayed" in '
                "_daybook_dead_letters; if it is not, to null; then repeat"
            )
        low = min(start, area[place].low) if place in area else start
        area[place] = LogBounds(low, here.high)
    return area


def _producer(settings: Settings, transactional_id: str) -> Producer:
    # What librdkafka says of being fenced is told by the exception.
    silent = logging.getLogger("daybook.replay")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    options = {"transactional.id": transactional_id, "transaction.timeout.ms": _TRANSACTION_MS}
    size = {"message.max.bytes": MESSAGE_BYTES_MAX + 2**20, "compression.type": "lz4"}
    return Producer(common(settings) | options | size, logger=silent)


def _commit(producer: Producer) -> None:
    """Commits; an answer that is late is asked for again, which is harmless."""
    deadline = monotonic() + _COMMIT_SECONDS
    while True:
        try:
            return producer.commit_transaction(REQUEST_SECONDS)
        except KafkaException as error:
            if not error.args[0].retriable() or monotonic() > deadline:
                raise


@contextmanager
def _refusals(question: str) -> Iterator[None]:
    try:
        with answering(question):
            yield
    except DaybookError as error:
        cause = error.__cause__
        if isinstance(cause, KafkaException) and cause.args[0].name() in _FENCED:
            raise DaybookError(
                "another `dlq replay` of this topic began, and ends this one. What this one "
                "sent is marked; say it again for the rest"
            ) from error
        raise
