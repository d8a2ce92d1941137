"""A collector that writes to a world's topic, API keys of each kind, and the events in the log."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from daybook.collector.event import TOPIC
from daybook.engine.kafka import clients
from daybook.service import api_keys
from tests.support.collector import CollectorProcess
from tests.support.world import World

ORGANIZATION = "org-1"


@dataclass(frozen=True)
class Logged:
    key: str
    partition: int
    event: dict[str, Any]


class Site:
    """A site that tracks: API keys of its organization, and collectors to call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._collectors: list[CollectorProcess] = []
        self.write_key = self.make_key("write")
        self.server_key = self.make_key("server")

    def make_key(self, kind: api_keys.Kind, organization: str = ORGANIZATION) -> str:
        now = datetime.now(UTC)
        return api_keys.create(self.world.documents, kind, organization, "test", now)[0]

    def start(self, **variables: str) -> CollectorProcess:
        """A collector with its own settings; it may not be ready yet."""
        log = self.world.directory / f"collector-{len(self._collectors)}.log"
        defaults = {"DAYBOOK_ADDRESS_KEY": self.world.name}
        environment = os.environ | self.world.variables | defaults | variables
        collector = CollectorProcess(self.world.name, environment, log)
        self._collectors.append(collector)
        collector.key = self.write_key
        return collector

    def logged(self) -> list[Logged]:
        """All messages of the topic, partition by partition."""
        topic = self.world.topic(TOPIC)
        reader = clients.reader(self.world.settings)
        try:
            return list(_read(reader, topic))
        finally:
            reader.close()

    def end(self) -> None:
        for collector in self._collectors:
            collector.end()


def _read(reader: Consumer, topic: str) -> Iterator[Logged]:
    for number in reader.list_topics(topic, 10).topics[topic].partitions:
        partition = TopicPartition(topic, number, 0)
        _, end = reader.get_watermark_offsets(partition, 10)
        reader.assign([partition])
        next_offset = 0
        while next_offset < end:
            for message in reader.consume(10_000, 0.1):
                if message.error() is None:
                    key, value = message.key() or b"", message.value() or b""
                    next_offset = (message.offset() or 0) + 1
                    yield Logged(key.decode(), number, json.loads(value))


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    world.make_topic(TOPIC)
    site = Site(world)
    yield site
    site.end()


@pytest.fixture
def collector(site: Site) -> CollectorProcess:
    return site.start().ready()


@pytest.fixture
def event_of(site: Site, collector: CollectorProcess) -> Callable[..., dict[str, Any]]:
    """Tracks an event and returns it as it is in the log."""

    def track(body: dict[str, Any], **options: Any) -> dict[str, Any]:
        reply = collector.track(body, **options)
        assert reply.status == 202, reply.body
        event_id = reply.json["event_id"]
        (event,) = (x.event for x in site.logged() if x.event["event_id"] == event_id)
        return event

    return track


@pytest.fixture(scope="module")
def shared(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CollectorProcess]:
    """One collector for all tests of a file that only check its responses."""
    with World(servers, tmp_path_factory.mktemp("shared")) as world:
        world.make_topic(TOPIC)
        site = Site(world)
        yield site.start().ready()
        site.end()
