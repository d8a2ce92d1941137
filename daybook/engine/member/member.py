"""A member of a group: poll, fold, settle, commit, until told to stop."""

import gc
from collections import defaultdict
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import pymongo
import structlog
from confluent_kafka import KafkaError, Message, TopicPartition
from pymongo.errors import PyMongoError

from daybook.engine.errors import DaybookError, Gap, Unavailable, WrongSetting
from daybook.engine.group import Group
from daybook.engine.kafka.offsets import Commit
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.assignment import Assignment, Place
from daybook.engine.member.commit import Committer
from daybook.engine.member.progress import MemberProgress
from daybook.engine.member.retry import RetryCancelled, RetryLoop
from daybook.engine.member.starter import PartitionStarter
from daybook.engine.metrics import BUFFERED_MESSAGES, LAST_POLL
from daybook.engine.settings import Settings

if TYPE_CHECKING:
    from daybook.engine.live.projector import Projector

log = structlog.get_logger()

POLL_MESSAGES = 5_000
POLL_SECONDS = 0.05
COMMIT_SECONDS = 1.0
REVOKE_SECONDS = 5.0


class Member:
    """Runs in one thread. `on_tick` is called after every commit, about once a second."""

    def __init__(
        self,
        group: Group,
        settings: Settings,
        consumer: RenewableConsumer,
        starter: PartitionStarter,
        committer: Committer,
        on_tick: Callable[["Member"], None],
        projector: "Projector | None" = None,
    ) -> None:
        self.group = group
        self.assignment = Assignment(group.name, consumer, self._before_revoke)
        self.last_poll = monotonic()
        self.ready = False
        self.observer = MemberProgress(group.name)
        self._patience = RetryLoop(group.name, consumer, self._poll, self._heartbeat_while_waiting)
        self._settings = settings
        self._consumer = consumer
        self._starter = starter
        self._committer = committer
        self._on_tick = on_tick
        self._projector = projector
        self._stopping = False
        self._next_commit = 0.0

    @property
    def owned(self) -> list[AssignedPartition]:
        return list(self.assignment.owned.values())

    @property
    def waiting(self) -> bool:
        return self._patience.waiting

    def stop(self) -> None:
        """Ends the loop after what was fetched is counted; safe to call from a signal handler."""
        self._stopping = True
        self._patience.deadline = monotonic() + self._settings.shutdown_grace_ms / 1000

    def run(self) -> None:
        """Counts until stopped. Raises what a person must look at: Gap, Bound, Unavailable."""
        gc.freeze()
        # A batch's objects have no cycles and live until it is durable: going through them in
        # search of garbage took a seventh of the work.
        gc.set_threshold(2_000_000, 50, 100)
        self._patience.until_done(lambda: self._starter.check_commits(self._consumer.current))
        self._consumer.renew(self._patience.until_done(self._starter.topic_ids))
        self.assignment.subscribe(self.group.topics)
        self.ready = True
        try:
            while not self._stopping:
                self._poll(POLL_SECONDS)
                self._start_pending()
                if self._is_due():
                    self._flush()
                if monotonic() >= self._next_commit:
                    self._tick()
            self._flush()
            self._tick()
        finally:
            self._consumer.current.close()
            gc.unfreeze()

    def _poll(self, seconds: float) -> None:
        messages = self._consumer.current.consume(self._room(), seconds)
        self.last_poll = monotonic()
        LAST_POLL.labels(self.group.name).set(time())
        if self.assignment.failure:
            raise self.assignment.failure
        by_place: dict[Place, list[Message]] = defaultdict(list)
        for message in messages:
            place: Any = message.topic(), message.partition()
            if message.error() is None:
                by_place[place].append(message)
            else:
                self._on_error(message, place)
        for place, several in by_place.items():
            if owned := self.assignment.owned.get(place):
                owned.buffer_messages(several)

    def _room(self) -> int:
        """How many messages may be read at once, so that a fold is of no more than its setting."""
        buffered = sum(len(owned.buffer) for owned in self.owned)
        return max(1, min(POLL_MESSAGES, self._settings.batch_messages_max - buffered))

    def _on_error(self, message: Message, place: Place) -> None:
        error = message.error()
        assert error is not None
        owned = self.assignment.owned.get(place)
        if error.code() == KafkaError._PARTITION_EOF:
            if owned:
                owned.reached(message.offset() or 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._check_topic_ids()
            if owned and not owned.lost:
                raise Gap(f"{owned.partition}: {error.str()}: the log lost what was to be counted")
        elif error.name() == "INVALID_SESSION_TIMEOUT":
            raise WrongSetting(f"DAYBOOK_KAFKA_SESSION_TIMEOUT_MS: Kafka: {error.str()}")
        elif error.fatal() or "AUTHORIZATION" in error.name():
            raise DaybookError(f"Kafka: {error.str()}")
        else:
            log.warning("kafka", error=error.str(), topic=place[0], partition=place[1])

    def _start_pending(self) -> None:
        if not self.assignment.pending:
            return
        ids = self._patience.until_done(self._starter.topic_ids)
        if self._consumer.renew(ids):
            self.assignment.subscribe(self.group.topics)
            return
        ready = sorted(place for place in self.assignment.pending if place[0] in ids)
        consumer = self._consumer.current
        commits = self._patience.until_done(lambda: self._starter.commits(consumer, ready))
        for place in ready:
            self._start(place, ids[place[0]], commits[place])

    def _start(self, place: Place, topic_id: str, commit: Commit) -> None:
        """Leaves the partition pending if its topic was made again since its id was asked for."""
        try:
            owned, read_from = self._patience.until_done(
                lambda: self._starter.open(self._consumer.current, place, topic_id, commit),
                lambda: place not in self.assignment.pending,
            )
        except RetryCancelled:
            return
        except Gap:
            # The checkpoint of one incarnation says nothing about the log of the next.
            if self._patience.until_done(self._starter.topic_ids).get(place[0]) == topic_id:
                raise
            return
        if place in self.assignment.pending:
            self.assignment.start(owned, read_from)
            log.info("partition started", partition=str(owned.partition), at=owned.durable)

    def _is_due(self) -> bool:
        """Whether enough was read, or what was read has waited long enough for more."""
        waiting = [owned for owned in self.owned if owned.buffer]
        messages = sum(len(owned.buffer) for owned in waiting)
        BUFFERED_MESSAGES.labels(self.group.name).set(messages)
        if messages >= self._settings.batch_messages_max:
            return True
        if sum(owned.buffered_bytes for owned in waiting) >= self._settings.batch_bytes_max:
            return True
        oldest = min((owned.oldest for owned in waiting), default=monotonic())
        return monotonic() - oldest >= self._settings.linger_ms / 1000 or not waiting

    def _flush(self) -> None:
        pending = [owned for owned in self.owned if owned.pending]
        if any(owned.buffer for owned in pending):
            self._check_topic_ids()
        for owned in pending:
            if not owned.lost:
                self._settle(owned)

    def _check_topic_ids(self) -> None:
        """Starts anew what is another incarnation by now, whatever the client noticed.

        Asked after messages were read and before they are counted, so that what is counted under
        a topic's id is of that incarnation.
        """
        if not self.assignment.owned:
            return
        ids = self._patience.until_done(self._starter.topic_ids)
        stale = [
            place
            for place, owned in self.assignment.owned.items()
            if ids.get(place[0]) != owned.partition.topic_id
        ]
        if stale:
            log.warning("topic was made again", partitions=[f"{t}[{p}]" for t, p in stale])
            self.assignment.restart(stale)

    def _settle(self, owned: AssignedPartition) -> None:
        began = monotonic()
        try:
            batch, settled = self._patience.until_done(owned.settle, lambda: owned.lost)
        except RetryCancelled:
            return
        self.observer.settled(batch, settled, monotonic() - began)
        if self._projector:
            self._projector.counted(batch, settled.documents)
        # Of many partitions or slow ones, all would be counted again if the member died meanwhile.
        if monotonic() >= self._next_commit:
            self._tick()

    def _tick(self) -> None:
        self._check_topic_ids()
        self._patience.until_done(lambda: self._committer.commit(self.owned))
        self._next_commit = monotonic() + COMMIT_SECONDS
        self.observer.assigned([(o.partition, self.end_of(o) - o.durable) for o in self.owned])
        self._on_tick(self)

    def _heartbeat_while_waiting(self) -> None:
        """Says that it lives while one batch takes long."""
        if monotonic() >= self._next_commit:
            self._next_commit = monotonic() + COMMIT_SECONDS
            self._on_tick(self)

    def end_of(self, owned: AssignedPartition) -> int:
        """The log's end as the client last heard of it."""
        place = TopicPartition(owned.partition.topic, owned.partition.number)
        _, high = self._consumer.current.get_watermark_offsets(place, cached=True) or (0, -1)
        return max(int(high), owned.durable)

    def _before_revoke(self, going: list[AssignedPartition]) -> None:
        if self._patience.waiting:
            return
        try:
            with pymongo.timeout(REVOKE_SECONDS):
                self._committer.commit(going)
        except (Unavailable, PyMongoError) as error:
            log.warning("revoked without a commit; it will be read again", why=str(error)[:200])
