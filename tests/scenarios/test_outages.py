"""A server is unavailable for a while: members wait, stay in their group, and lose nothing."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from pymongo import MongoClient

from daybook.engine.kafka import clients
from daybook.engine.member.caught_up import log_ends
from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB, replica_set
from daybook.local.ports import free_ports
from daybook.local.server import start_all
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support.wait import until
from tests.support.world import World

AWAY_SECONDS = 20


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[MongoDB]]:
    """A replica set with a long election timeout, so an isolated primary runs on for a while."""
    members = replica_set(tmp_path / "set", free_ports(3), election_timeout_ms=4_000)
    start_all(members)
    yield members
    for member in members:
        member.kill()
        member.wipe()


class MongoDBAway(Scenario):
    """MongoDB is killed under load and back after 20 s; the member polls and stays in the group."""

    server: MongoDB

    def play(self) -> None:
        self.member = self.world.member(self.group, **SMALL_BATCHES)
        self.member.wait_for("partition started", times=4)
        self.server.kill()
        self.publish(self.messages)
        began = monotonic()
        self.member.wait_for("waiting for a server")
        until(lambda: monotonic() - began > AWAY_SECONDS, "it was away long enough")
        self.server.start()
        self.world.wait_for_commits(self.group)
        self.member.end()

    def assert_fault_happened(self) -> None:
        assert self.member.events("resumed")
        assert len(self.member.events("partitions assigned")) == 1
        assert len(self.member.events("waiting for a server")) == len(self.member.events("resumed"))


class PartitionsGoWhileWaiting(Scenario):
    """MongoDB is unavailable; partitions are assigned to another member meanwhile, and come back.

    The Kafka client keeps a partition paused across assignments unless it is resumed.
    """

    server: MongoDB

    def play(self) -> None:
        group = self.world.group(self.group)
        self.member = self.world.member(self.group, **SMALL_BATCHES)
        self.member.wait_for("partition started", times=4)
        self.world.wait_for_commits(self.group)
        self.server.kill()
        self.publish(self.messages)
        self.member.wait_for("waiting for a server")
        other_member = clients.member(self.world.settings, group.name)
        other_member.subscribe(group.topics)
        until(
            lambda: other_member.poll(0.1) or other_member.assignment(),
            "the other member has partitions",
        )
        self.member.wait_for("partitions revoked")
        other_member.close()
        self.member.wait_for("partitions assigned", times=2)
        self.server.start()
        self.world.wait_for_commits(self.group)
        self.member.end()

    def assert_fault_happened(self) -> None:
        assert self.member.events("resumed")


class BrokerRestarted(Scenario):
    """The broker is killed and restarted on its data while a member counts and a producer sends."""

    server: Kafka

    def play(self) -> None:
        member = self.world.member(self.group, **SMALL_BATCHES)
        member.wait_for("partition started", times=4)
        self.server.kill()
        self.server.start()
        self.publish(self.messages)
        self.world.wait_for_commits(self.group)
        member.end()

    def assert_fault_happened(self) -> None:
        assert len(self.shop.events) > self.messages


class PrimaryLost(Scenario):
    """The primary accepts writes that no other member of the set has, and dies with them.

    Its followers are down, so no write is durable. (Frozen followers would find the writes in
    their sockets later.) The primary is killed once the group waits, or, if it wrongly trusted the
    writes, has committed everything.
    """

    group = "order-funnel"
    members: list[MongoDB]

    def prepare(self) -> None:
        self.world.make_topic()

    def play(self) -> None:
        member = self.world.member(self.group, **SMALL_BATCHES)
        member.wait_for("partition started", times=4)
        self.world.wait_for_commits(self.group)
        primary_port = self.world.documents.client.primary
        assert primary_port is not None
        primary = next(m for m in self.members if m.port == primary_port[1])
        followers = [m for m in self.members if m is not primary]
        for follower in followers:
            follower.kill()
        self.world.publish(self.shop.messages(self.messages))
        self.taken = until(lambda: _documents(primary, self.world.name), "the primary took some")
        ends = log_ends(self.world.admin, self.world.group(self.group).topics)
        until(
            lambda: (
                member.events("waiting for a server")
                or self.world.commits(self.world.group(self.group)) == ends
            ),
            "the group waits for the followers, or has wrongly committed",
        )
        primary.kill()
        start_all(followers)
        self.world.wait_for_commits(self.group)
        member.end()

    def assert_fault_happened(self) -> None:
        assert self.taken


def _documents(server: MongoDB, database: str) -> int:
    """The number of documents that a member of the set has, durable or not."""
    with MongoClient[dict[str, object]]("127.0.0.1", server.port, directConnection=True) as client:
        return len(list(client[database]["analytics_order_funnel"].find()))


def own(servers: dict[str, str], path: Path, **variables: str) -> World:
    return World(servers | variables, path)


def test_mongodb_away(servers: dict[str, str], mongodb: MongoDB, tmp_path: Path) -> None:
    with own(servers, tmp_path, DAYBOOK_MONGODB_URI=mongodb.address) as world:
        scenario = MongoDBAway(world)
        scenario.server = mongodb
        scenario.run()


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_partitions_go_while_the_member_waits(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path, protocol: str
) -> None:
    variables = {
        "DAYBOOK_MONGODB_URI": mongodb.address,
        "DAYBOOK_KAFKA_GROUP_PROTOCOL": protocol,
    }
    with own(servers, tmp_path, **variables) as world:
        scenario = PartitionsGoWhileWaiting(world)
        scenario.server = mongodb
        scenario.run()


def test_broker_restarted(servers: dict[str, str], broker: Kafka, tmp_path: Path) -> None:
    with own(servers, tmp_path, DAYBOOK_KAFKA_BOOTSTRAP_SERVERS=broker.address) as world:
        scenario = BrokerRestarted(world)
        scenario.server = broker
        scenario.run()


def test_primary_lost(servers: dict[str, str], three: list[MongoDB], tmp_path: Path) -> None:
    with own(servers, tmp_path, DAYBOOK_MONGODB_URI=three[0].address) as world:
        scenario = PrimaryLost(world)
        scenario.members = three
        scenario.run()
