"""A member of a group: polls, settles and commits until it is stopped."""

import gc
from collections import defaultdict
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import pymongo
import structlog
from confluent_kafka import KafkaError, Message, TopicPartition
from pymongo.errors import PyMongoError

from daybook.engine.batch import Batch
from daybook.engine.errors import DaybookError, Gap, StartAgain, Unavailable, WrongSetting
from daybook.engine.group import Group
from daybook.engine.kafka.offsets import Commit
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.assignment import Assignment, Place
from daybook.engine.member.commit import Committer
from daybook.engine.member.continuity import Continuity
from daybook.engine.member.progress import MemberProgress
from daybook.engine.member.retry import RetryCancelled, RetryLoop
from daybook.engine.member.starter import PartitionStarter
from daybook.engine.metrics import BUFFERED_MESSAGES, LAST_POLL
from daybook.engine.protocol.settle import Settled
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
        continuity: Continuity,
        on_tick: Callable[["Member"], None],
        projector: "Projector | None" = None,
    ) -> None:
        self.group = group
        self.assignment = Assignment(group.name, consumer, self._before_revoke)
        self.last_poll = monotonic()
        self.ready = False
        self.progress = MemberProgress(group.name)
        self._retry = RetryLoop(group.name, consumer, self._poll)
        self._settings = settings
        self._consumer = consumer
        self._starter = starter
        self._committer = committer
        self._continuity = continuity
        self._on_tick = on_tick
        self._projector = projector
        self.stopping = False
        self._is_starting_again = False
        self._next_commit = 0.0

    @property
    def assigned(self) -> list[AssignedPartition]:
        """The partitions that are assigned to this member and have been started."""
        return list(self.assignment.assigned.values())

    @property
    def waiting(self) -> bool:
        """Whether it waits for a server."""
        return self._retry.waiting

    def stop(self) -> None:
        """Ends the loop after counting what was read; safe to call from a signal handler."""
        self.stopping = True
        self._retry.deadline = monotonic() + self._settings.shutdown_grace_ms / 1000

    def run(self) -> None:
        """Counts until stopped. Raises DaybookError, such as Gap, FleetMismatch or Unavailable."""
        gc.freeze()
        # A batch's objects have no cycles and live until it is durable; with the default thresholds
        # the garbage collector took a seventh of the time.
        gc.set_threshold(2_000_000, 50, 100)
        self._retry.until_done(self._continuity.renew)
        self._retry.until_done(lambda: self._starter.check_commits(self._consumer.current))
        self._consumer.renew(self._retry.until_done(self._starter.topic_ids))
        self.assignment.subscribe(self.group.topics)
        self.ready = True
        try:
            while not self.stopping:
                self._poll(POLL_SECONDS)
                self._count()
            self._finish()
        finally:
            self._consumer.current.close()
            gc.unfreeze()

    def _count(self) -> None:
        try:
            self._start_pending()
            if self._is_due():
                self._flush()
            if monotonic() >= self._next_commit:
                self._tick()
        except StartAgain as why:
            self._start_again(why)

    def _finish(self) -> None:
        try:
            self._flush()
            self._tick()
        except StartAgain as why:
            log.warning("stopped before everything was counted", why=str(why))

    def _start_again(self, why: StartAgain) -> None:
        """Drops what is in memory, so that each partition continues from its checkpoint.

        A partition goes on if the stored checkpoint covers everything that was counted of it.
        """
        log.warning("starting again from the checkpoints", why=str(why))
        self._is_starting_again = True
        goes_on = self._starter.forget()
        if self._projector:
            self._projector.forget()
        while True:
            try:
                self._retry.until_done(self._continuity.renew)
                ahead = self._retry.until_done(lambda: self._continuity.ahead(self.assigned))
                break
            except StartAgain:
                continue
        dropped = ahead if goes_on else self.assigned
        self.assignment.restart([(o.partition.topic, o.partition.number) for o in dropped])
        self._is_starting_again = False
        self._next_commit = 0.0

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
        for place, received in by_place.items():
            if assigned := self.assignment.assigned.get(place):
                assigned.buffer_messages(received)

    def _room(self) -> int:
        """The number of messages to read at most, so that no batch exceeds its limit."""
        buffered = sum(len(assigned.buffer) for assigned in self.assigned)
        return max(1, min(POLL_MESSAGES, self._settings.batch_messages_max - buffered))

    def _on_error(self, message: Message, place: Place) -> None:
        error = message.error()
        assert error is not None
        assigned = self.assignment.assigned.get(place)
        if error.code() == KafkaError._PARTITION_EOF:
            if assigned:
                assigned.reached(message.offset() or 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._check_topic_ids()
            if assigned and not assigned.lost:
                raise Gap(
                    f"{assigned.partition}: {error.str()}: the log does not hold the next message"
                )
        elif error.name() == "INVALID_SESSION_TIMEOUT":
            raise WrongSetting(f"DAYBOOK_KAFKA_SESSION_TIMEOUT_MS: Kafka: {error.str()}")
        elif error.fatal() or "AUTHORIZATION" in error.name():
            raise DaybookError(f"Kafka: {error.str()}")
        else:
            log.warning("kafka", error=error.str(), topic=place[0], partition=place[1])

    def _start_pending(self) -> None:
        if not self.assignment.pending:
            return
        ids = self._retry.until_done(self._starter.topic_ids)
        if self._consumer.renew(ids):
            self.assignment.subscribe(self.group.topics)
            return
        ready = sorted(place for place in self.assignment.pending if place[0] in ids)
        consumer = self._consumer.current
        commits = self._retry.until_done(lambda: self._starter.commits(consumer, ready))
        for place in ready:
            self._start(place, ids[place[0]], commits[place])

    def _start(self, place: Place, topic_id: str, commit: Commit) -> None:
        """Leaves the partition pending if its topic was recreated since `topic_id` was read."""
        try:
            assigned, read_from = self._retry.until_done(
                lambda: self._starter.open(self._consumer.current, place, topic_id, commit),
                lambda: place not in self.assignment.pending,
            )
        except RetryCancelled:
            return
        except Gap:
            # A checkpoint of the old incarnation says nothing about the log of the new one.
            if self._retry.until_done(self._starter.topic_ids).get(place[0]) == topic_id:
                raise
            return
        if place in self.assignment.pending:
            self.assignment.start(assigned, read_from)
            log.info("partition started", partition=str(assigned.partition), at=assigned.durable)

    def _is_due(self) -> bool:
        """Whether a batch is full, or its oldest message has waited for `linger_ms`."""
        waiting = [assigned for assigned in self.assigned if assigned.buffer]
        messages = sum(len(assigned.buffer) for assigned in waiting)
        BUFFERED_MESSAGES.labels(self.group.name).set(messages)
        if messages >= self._settings.batch_messages_max:
            return True
        if sum(assigned.buffered_bytes for assigned in waiting) >= self._settings.batch_bytes_max:
            return True
        oldest = min((assigned.oldest for assigned in waiting), default=monotonic())
        return monotonic() - oldest >= self._settings.linger_ms / 1000 or not waiting

    def _flush(self) -> None:
        pending = [assigned for assigned in self.assigned if assigned.pending]
        if any(assigned.buffer for assigned in pending):
            self._check_topic_ids()
        if pending:
            self._check_continuity()
        for assigned in pending:
            if not assigned.lost:
                self._settle(assigned)

    def _check_topic_ids(self) -> None:
        """Restarts partitions whose topic was recreated, even if the Kafka client did not notice.

        Called after messages were read and before they are counted, so that everything counted
        under a topic's id comes from that incarnation.
        """
        if not self.assignment.assigned:
            return
        ids = self._retry.until_done(self._starter.topic_ids)
        stale = [
            place
            for place, assigned in self.assignment.assigned.items()
            if ids.get(place[0]) != assigned.partition.topic_id
        ]
        if stale:
            log.warning("topic was recreated", partitions=[f"{t}[{p}]" for t, p in stale])
            self.assignment.restart(stale)

    def _check_continuity(self) -> None:
        """Called before anything of a batch is written, and once a second."""
        self._retry.until_done(lambda: self._continuity.check(self.assigned))

    def _settle(self, assigned: AssignedPartition) -> None:
        began, is_repeated = monotonic(), False

        def settle() -> tuple[Batch, Settled]:
            nonlocal is_repeated
            if is_repeated:
                self._continuity.check(self.assigned)
            is_repeated = True
            return assigned.settle()

        try:
            batch, settled = self._retry.until_done(settle, lambda: assigned.lost)
        except RetryCancelled:
            return
        self.progress.settled(batch, settled, monotonic() - began)
        if self._projector:
            self._projector.counted(batch, settled.documents)
        # With many or slow partitions, a late commit would mean much to count again after a crash.
        if monotonic() >= self._next_commit:
            self._tick()

    def _tick(self) -> None:
        self._check_topic_ids()
        self._check_continuity()
        self._retry.until_done(lambda: self._committer.commit(self.assigned))
        self._next_commit = monotonic() + COMMIT_SECONDS
        self.progress.assigned([(o.partition, self.end_of(o) - o.durable) for o in self.assigned])
        self._on_tick(self)

    def end_of(self, assigned: AssignedPartition) -> int:
        """The end of the log, as last reported to the client."""
        place = TopicPartition(assigned.partition.topic, assigned.partition.number)
        _, high = self._consumer.current.get_watermark_offsets(place, cached=True) or (0, -1)
        return max(int(high), assigned.durable)

    def _before_revoke(self, revoked: list[AssignedPartition]) -> None:
        if self._retry.waiting or self._is_starting_again:
            return
        try:
            with pymongo.timeout(REVOKE_SECONDS):
                self._committer.commit(revoked)
        except (StartAgain, Unavailable, PyMongoError) as error:
            log.warning(
                "partitions revoked without a commit; they will be read again", why=str(error)[:200]
            )
