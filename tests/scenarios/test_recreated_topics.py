"""A topic is recreated, so that what a client or a member knew of it is outdated."""

from contextlib import suppress
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
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.scenarios.test_log import TopicRecreated
from tests.support.shop import Shop
from tests.support.wait import until
from tests.support.world import World


def leader_epoch(world: World) -> int:
    """The leader epoch of the newest message in the topic's first partition."""
    reader = clients.reader(world.settings)
    try:
        _, end = reader.get_watermark_offsets(TopicPartition(world.topic(), 0), timeout=10)
        reader.assign([TopicPartition(world.topic(), 0, end - 1)])
        newest = until(lambda: reader.consume(1, 0.1), "the newest message is read")
        return newest[0].leader_epoch() or 0
    finally:
        reader.close()


class TopicRecreatedAfterItsLeadersChanged(TopicRecreated):
    """Its broker was unavailable once, which raises the leader epoch. The epoch starts at 0 in each
    incarnation, and a client that knows the higher one ignores the lower."""

    server: Kafka
    second = 900

    def before_deletion(self) -> None:
        self.server.kill()
        self.server.start()
        self.publish(500)
        self.world.wait_for_commits(self.group)
        self.epoch = leader_epoch(self.world)

    def assert_fault_happened(self) -> None:
        super().assert_fault_happened()
        assert self.epoch > leader_epoch(self.world) == 0


class TopicRecreatedDuringAStart(Scenario):
    """A member has read the topic's id and waits for MongoDB to read the checkpoint, which by then
    is that of the old incarnation and beyond the end of the new log."""

    recountable = False
    server: MongoDB

    def play(self) -> None:
        group = self.world.group(self.group)
        member = self.world.member(self.group, **SMALL_BATCHES)
        self.world.wait_for_commits(self.group)
        self.server.kill()
        other_member = clients.member(self.world.settings, group.name)
        other_member.subscribe(group.topics)
        until(
            lambda: other_member.poll(0.1) or other_member.assignment(),
            "the other member has partitions",
        )
        member.wait_for("partitions revoked")
        other_member.close()
        member.wait_for("partitions assigned", times=2)
        self.waited = member.wait_for("waiting for a server")
        self.world.delete_topic()
        self.world.make_topic()
        self.publish(200)
        self.server.start()
        self.world.wait_for_commits(self.group)
        member.end()

    def assert_fault_happened(self) -> None:
        assert "MongoDB" in self.waited[0]["why"]


def read_new(definitions: Definitions) -> list[Definition]:
    """The new definitions, read again while a broker has just restarted."""

    def read() -> list[Definition]:
        taken: list[Definition] = []
        with suppress(Unavailable):
            definitions.read_new(taken.append)
        return taken

    return until(read, "definitions are read")


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_topic_is_recreated_after_its_leaders_changed(
    servers: dict[str, str], broker: Kafka, tmp_path: Path, protocol: str
) -> None:
    own = servers | {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    with World(own, tmp_path) as world:
        scenario = TopicRecreatedAfterItsLeadersChanged(world)
        scenario.server, scenario.protocol = broker, protocol
        scenario.run()


def test_a_topic_is_recreated_during_a_start(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path
) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        scenario = TopicRecreatedDuringAStart(world)
        scenario.server = mongodb
        scenario.run()


def test_definitions_are_read_after_their_topic_is_recreated(
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
        assert len(read_new(definitions)) == 10
        broker.kill()
        broker.start()
        world.publish(shop.messages(20))
        assert len(read_new(definitions)) == 20
        assert leader_epoch(world) > 0
        world.delete_topic()
        world.make_topic(partitions=1)
        world.publish(shop.messages(30))
        assert leader_epoch(world) == 0
        assert len(read_new(definitions)) == 30
