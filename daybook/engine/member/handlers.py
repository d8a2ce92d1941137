"""Builds the batch handlers of a member's partitions, and drops what they remember."""

from collections.abc import Callable
from typing import Protocol

from confluent_kafka.admin import AdminClient

from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.group import Group, Prepare
from daybook.engine.kafka.admin import topic_ids
from daybook.engine.kafka.clients import producer, reader
from daybook.engine.kafka.feed_producer import FeedProducer
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.mongo.client import Documents
from daybook.engine.mongo.store import MongoStore
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.definitions import Definitions
from daybook.engine.protocol.fleet import Fleet
from daybook.engine.protocol.settle import BatchHandler, Send, Settler
from daybook.engine.settings import Settings

Work = Callable[[Documents, DeadLetters], BatchHandler]
"""Builds the batch handler of a group that does not count, one for all partitions of a member."""


class Handlers(Protocol):
    """The batch handlers of one member."""

    def make(self, window: DuplicateWindow) -> BatchHandler:
        """The handler of a partition that has this duplicate window."""

    def forget(self) -> bool:
        """Drops what was read or begun before the database went back.

        Returns whether the handlers of partitions that lost nothing may go on.
        """


class JobHandlers:
    """The one handler of a group that does not count. It remembers nothing: jobs are stored."""

    def __init__(self, handler: BatchHandler) -> None:
        self._handler = handler

    def make(self, window: DuplicateWindow) -> BatchHandler:
        return self._handler

    def forget(self) -> bool:
        return True


class CountingHandlers:
    """The handlers of a group that counts; its partitions share what was read of definitions."""

    def __init__(
        self,
        group: Group,
        settings: Settings,
        rules: Rules,
        fleet: Fleet,
        documents: Documents,
        dead_letters: DeadLetters,
        client: AdminClient,
    ) -> None:
        self._group = group
        self._rules = rules
        self._store = MongoStore(documents, rules, fleet.stamps)
        self._dead_letters = dead_letters
        self._client = client
        self._send = self._sender(settings)
        self._reader = RenewableConsumer(lambda: reader(settings)) if group.preparer else None
        self._prepare = self._preparation()

    def make(self, window: DuplicateWindow) -> BatchHandler:
        return Settler(
            self._group,
            self._rules,
            self._store,
            self._dead_letters,
            window,
            self._prepare,
            self._send,
        )

    def _sender(self, settings: Settings) -> Send | None:
        if self._group.feed is None:
            return None
        return FeedProducer(producer(settings), self._group.feed.topic).send

    def forget(self) -> bool:
        self._prepare = self._preparation()
        return self._prepare is None

    def _preparation(self) -> Prepare | None:
        """The group's preparation, which will read the definitions from their start."""
        if self._group.preparer is None or self._reader is None:
            return None
        topics = [source.topic for source in self._group.definitions]
        definitions = Definitions(
            self._group.definitions,
            self._reader,
            lambda: topic_ids(self._client, topics),
            self._dead_letters,
            Calendar(self._rules.zone_info()),
        )
        return self._group.preparer(definitions)
