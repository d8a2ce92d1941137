"""Faults of a topic, its partitions and its offsets."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions, OffsetSpec  # type: ignore[attr-defined]

from daybook.engine.kafka import admin, clients
from daybook.engine.member.caught_up import log_ends
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support import checks
from tests.support.shop import as_message
from tests.support.soak import SEEDS
from tests.support.world import World


class TopicRecreated(Scenario):
    """The topic is recreated under a running member: its offsets start at 0 with other events."""

    recountable = False
    second = 5_000
    protocol = "classic"

    def play(self) -> None:
        protocol = {"DAYBOOK_KAFKA_GROUP_PROTOCOL": self.protocol}
        member = self.world.member(self.group, **SMALL_BATCHES, **protocol)
        self.world.wait_for_commits(self.group)
        self.before = admin.topic_ids(self.world.admin, [self.world.topic()])
        self.before_deletion()
        self.world.delete_topic()
        self.world.make_topic()
        self.publish(self.second)
        self.world.wait_for_commits(self.group)
        member.end()

    def before_deletion(self) -> None:
        """What else happens to the incarnation that goes."""

    def assert_fault_happened(self) -> None:
        assert admin.topic_ids(self.world.admin, [self.world.topic()]) != self.before

    def check(self) -> None:
        super().check()
        report = checks.recounted(self.world, self.group)
        assert report.exit_code == 3, "half of the log is gone, so nothing can be compared"


class TopicRecreatedShorter(TopicRecreated):
    group = "order-funnel"
    second = 900


class TopicRecreatedByTheConsumerProtocol(TopicRecreated):
    protocol = "consumer"


class ProducerSendsAgain(Scenario):
    """A producer without acknowledgements re-sends its last events after the group counted them."""

    group = "order-funnel"

    def play(self) -> None:
        self.world.catch_up(self.group)
        again = [as_message(event) for event in self.shop.events[-200:]]
        self.world.publish(again)
        self.second = self.world.catch_up(self.group)

    def assert_fault_happened(self) -> None:
        assert self.second.counted("duplicate") >= 200


class OffsetsLost(Scenario):
    """Kafka loses the group's offsets; the group continues at its checkpoint."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        name = self.world.group(self.group).name
        self.world.admin.delete_consumer_groups([name])[name].result()
        self.forgotten = self.world.commits(self.world.group(self.group)) == {}
        self.publish(500)
        self.second = self.world.catch_up(self.group)

    def assert_fault_happened(self) -> None:
        assert self.forgotten
        assert self.second.counted("received") < self.messages


class LateCommitOfAnotherIncarnation(Scenario):
    """A late commit for a deleted topic points into the middle of its next incarnation."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        group = self.world.group(self.group)
        old = admin.topic_ids(self.world.admin, group.topics)[group.topics[0]]
        fleet = self.world.documents["_daybook"].find_one({"_id": "fleet"})
        assert fleet is not None
        self.world.delete_topic()
        self.world.make_topic()
        self.world.documents.client.drop_database(self.world.name)
        self.world.documents["_daybook"].insert_one(fleet)
        self.shop.events.clear()
        self.shop.poison = 0
        self.publish(self.messages)
        consumer = clients.member(self.world.settings, group.name)
        late = [
            TopicPartition(group.topics[0], n, 300, f"{fleet['fleet']}|{old}") for n in range(4)
        ]
        consumer.commit(offsets=late, asynchronous=False)
        consumer.close()
        self.second = self.world.catch_up(self.group)

    def assert_fault_happened(self) -> None:
        starts = self.second.events("partition started")
        assert [start["at"] for start in starts] == [0, 0, 0, 0]

    def check(self) -> None:
        checks.assert_no_lag(self.world, self.group)
        checks.assert_counted(self.world, self.group, self.shop.events)
        checks.assert_recounted_equal(self.world, self.group)


class CommitOfAnotherIncarnationAtTheSameOffset(Scenario):
    """What it says is not of this log, so the group commits its own place, though nothing comes."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        group = self.world.group(self.group)
        ends = log_ends(self.world.admin, group.topics)
        fleet = self.world.documents["_daybook"].find_one({"_id": "fleet"})
        assert fleet is not None
        consumer = clients.member(self.world.settings, group.name)
        late = [
            TopicPartition(group.topics[0], n, end, f"{fleet['fleet']}|another")
            for (_, n), end in ends.items()
        ]
        consumer.commit(offsets=late, asynchronous=False)
        consumer.close()
        self.missing = self.world.commits(group) == {}
        member = self.world.member(self.group)
        self.world.wait_for_commits(self.group)
        member.end()

    def assert_fault_happened(self) -> None:
        assert self.missing


class PartitionsAdded(Scenario):
    """Counters of single events stay exact although keys move to other partitions."""

    group = "order-funnel"

    def play(self) -> None:
        member = self.world.member(self.group, **SMALL_BATCHES)
        member.wait_for("partition started", times=4)
        topic = self.world.topic()
        self.world.admin.create_partitions([NewPartitions(topic, 7)])[topic].result()
        self.publish(self.messages)
        member.wait_for("partition started", times=7)
        self.world.wait_for_commits(self.group)
        member.end()

    def assert_fault_happened(self) -> None:
        ends = self.world.admin.list_offsets(
            {TopicPartition(self.world.topic(), n): OffsetSpec.latest() for n in range(7)}  # type: ignore[no-untyped-call]
        )
        assert all(end.result().offset > 0 for end in ends.values())


class ProducersThatPartitionDifferently(Scenario):
    """One producer hashes keys like Java's client, another like librdkafka. Events of an order in
    two partitions have no order, so messages outside its home become dead letters."""

    def prepare(self) -> None:
        self.world.make_topic()
        messages = self.shop.messages(self.messages, duplicates=0)
        self.world.publish(messages[: self.messages // 2])
        self.world.publish(messages[self.messages // 2 :], partitioner="consistent_random")

    def play(self) -> None:
        self.world.catch_up(self.group)

    def strays(self) -> list[dict[str, object]]:
        return list(
            self.world.documents["_daybook_dead_letters"].find({"reason": "key_on_two_partitions"})
        )

    def assert_fault_happened(self) -> None:
        assert self.strays()

    def check(self) -> None:
        checks.assert_no_lag(self.world, self.group)
        checks.assert_dead_letters_are_whole(self.world, self.group, len(self.strays()))
        checks.assert_recounted_equal(self.world, self.group)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "scenario",
    [
        TopicRecreated,
        TopicRecreatedShorter,
        TopicRecreatedByTheConsumerProtocol,
        ProducerSendsAgain,
        OffsetsLost,
        LateCommitOfAnotherIncarnation,
        CommitOfAnotherIncarnationAtTheSameOffset,
        PartitionsAdded,
        ProducersThatPartitionDifferently,
    ],
)
def test_log(world: World, scenario: type[Scenario], seed: int) -> None:
    scenario(world, seed).run()


def test_a_gap_stops_the_group_and_is_named(world: World) -> None:
    """Retention deleted messages that were not counted; the group never resets silently."""
    scenario = OffsetsLost(world)
    scenario.prepare()
    world.catch_up("revenue")
    scenario.publish(1_000)
    topic = world.topic()
    cut = [TopicPartition(topic, n, 800) for n in range(4)]
    for deleted in world.admin.delete_records(cut).values():
        deleted.result()
    member = world.member("revenue")
    assert member.wait(60) == 1
    (failed,) = member.events("member failed")
    assert f"{topic}[" in failed["why"]
    assert "--accept-gap" in failed["why"]
