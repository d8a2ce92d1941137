"""A topic is made again, and what a client or a member knew of the old one is wrong."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from confluent_kafka import TopicPartition

from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.source import Definition
from daybook.engine.errors import Unavailable
from daybook.engine.kafka import admin, clients
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.protocol.definitions import Definitions
from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.scenarios.test_log import TopicMadeAgain
from tests.support.shop import Shop
from tests.support.wait import until
from tests.support.world import World


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    server = Kafka(tmp_path / "kafka", *free_ports(2))
    server.start()
    yield server
    server.kill()
    server.wipe()


@pytest.fixture
def mongodb(tmp_path: Path) -> Iterator[MongoDB]:
    server = MongoDB(tmp_path / "mongodb", free_ports(1)[0])
    server.start()
    yield server
    server.kill()
    server.wipe()


def leader_changes(world: World) -> int:
    """How often the topic's first partition had changed its leader by its newest message."""
    reader = clients.reader(world.settings)
    try:
        _, end = reader.get_watermark_offsets(TopicPartition(world.topic(), 0), timeout=10)
        reader.assign([TopicPartition(world.topic(), 0, end - 1)])
        newest = until(lambda: reader.consume(1, 0.1), "the newest message is read")
        return newest[0].leader_epoch() or 0
    finally:
        reader.close()


class TopicMadeAgainAfterItsLeadersChanged(TopicMadeAgain):
    """Its broker was away once, be it for a moment too long under load: brokers count that, from
    0 in each incarnation, and a client that knows the higher count does not hear the lower."""

    server: Kafka
    second = 900

    def before_deletion(self) -> None:
        self.server.kill()
        self.server.start()
        self.publish(500)
        self.world.wait_for_commits(self.group)
        self.changes = leader_changes(self.world)

    def landed(self) -> None:
        super().landed()
        assert self.changes > leader_changes(self.world) == 0


class TopicMadeAgainDuringAStart(Scenario):
    """A member has asked for the topic's id and waits for MongoDB, which has the checkpoint; by
    then it is that of a log that is gone, longer than the present one."""

    recountable = False
    server: MongoDB

    def play(self) -> None:
        group = self.world.group(self.group)
        member = self.world.member(self.group, **SMALL_BATCHES)
        self.world.wait_for_commits(self.group)
        self.server.kill()
        guest = clients.member(self.world.settings, group.name)
        guest.subscribe(group.topics)
        until(lambda: guest.poll(0.1) or guest.assignment(), "the guest has partitions")
        member.wait_for("partitions revoked")
        guest.close()
        member.wait_for("partitions assigned", times=2)
        self.waited = member.wait_for("waiting")
        self.world.delete_topic()
        self.world.make_topic()
        self.publish(200)
        self.server.start()
        self.world.wait_for_commits(self.group)
        member.end()

    def landed(self) -> None:
        assert "MongoDB" in self.waited[0]["why"]


def news(definitions: Definitions) -> list[Definition]:
    """What they say, asked again while a broker is only just back."""

    def ask() -> list[Definition]:
        try:
            return definitions.news()
        except Unavailable:
            return []

    return until(ask, "definitions are read")


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_topic_is_made_again_after_its_leaders_changed(
    servers: dict[str, str], broker: Kafka, tmp_path: Path, protocol: str
) -> None:
    own = servers | {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    with World(own, tmp_path) as world:
        scenario = TopicMadeAgainAfterItsLeadersChanged(world)
        scenario.server, scenario.protocol = broker, protocol
        scenario.run()


def test_a_topic_is_made_again_during_a_start(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path
) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        scenario = TopicMadeAgainDuringAStart(world)
        scenario.server = mongodb
        scenario.run()


def test_definitions_are_read_on_when_their_topic_is_made_again(
    servers: dict[str, str], broker: Kafka, tmp_path: Path
) -> None:
    own = servers | {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    with World(own, tmp_path) as world:
        world.make_topic(partitions=1)
        shop = Shop()
        definitions = Definitions(
            world.group("revenue").sources,
            RenewableConsumer(lambda: clients.reader(world.settings)),
            lambda: admin.topic_ids(world.admin, [world.topic()]),
            Mock(positions=Mock(return_value={})),
            Calendar(world.settings.zone_info()),
        )
        world.publish(shop.messages(10))
        assert len(news(definitions)) == 10
        broker.kill()
        broker.start()
        world.publish(shop.messages(20))
        assert len(news(definitions)) == 20
        assert leader_changes(world) > 0
        world.delete_topic()
        world.make_topic(partitions=1)
        world.publish(shop.messages(30))
        assert leader_changes(world) == 0
        assert len(news(definitions)) == 30
