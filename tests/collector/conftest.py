"""A collector over a world's topic, with a key of each kind, and what it put into the log."""

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
    """What a site that tracks has: keys of its organization, and collectors to call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._collectors: list[CollectorProcess] = []
        self.write_key = self.make_key("write")
        self.server_key = self.make_key("server")

    def make_key(self, kind: api_keys.Kind, organization: str = ORGANIZATION) -> str:
        now = datetime.now(UTC)
        return api_keys.create(self.world.documents, kind, organization, "test", now)[0]

    def start(self, **variables: str) -> CollectorProcess:
        """A collector with settings of its own; it may not be ready yet."""
        log = self.world.directory / f"collector-{len(self._collectors)}.log"
        defaults = {"DAYBOOK_ADDRESS_KEY": self.world.name}
        environment = os.environ | self.world.variables | defaults | variables
        collector = CollectorProcess(self.world.name, environment, log)
        self._collectors.append(collector)
        collector.key = self.write_key
        return collector

    def logged(self) -> list[Logged]:
        """Everything in the topic, partition by partition."""
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
        place = TopicPartition(topic, number, 0)
        _, end = reader.get_watermark_offsets(place, 10)
        reader.assign([place])
        at = 0
        while at < end:
            for message in reader.consume(10_000, 0.1):
                if message.error() is None:
                    key, value = message.key() or b"", message.value() or b""
                    at = (message.offset() or 0) + 1
                    yield Logged(key.decode(), number, json.loads(value))


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    world.make_topic(TOPIC)
    own = Site(world)
    yield own
    own.end()


@pytest.fixture
def collector(site: Site) -> CollectorProcess:
    return site.start().ready()


@pytest.fixture
def event_of(site: Site, collector: CollectorProcess) -> Callable[..., dict[str, Any]]:
    """Tracks a body and returns the event that it became in the log."""

    def track(body: dict[str, Any], **options: Any) -> dict[str, Any]:
        reply = collector.track(body, **options)
        assert reply.status == 202, reply.body
        named = reply.json["event_id"]
        found = [one.event for one in site.logged() if one.event["event_id"] == named]
        assert len(found) == 1
        return found[0]

    return track


@pytest.fixture(scope="module")
def shared(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CollectorProcess]:
    """One collector for all tests of a file that only look at its answers."""
    with World(servers, tmp_path_factory.mktemp("shared")) as own_world:
        own_world.make_topic(TOPIC)
        own = Site(own_world)
        yield own.start().ready()
        own.end()
