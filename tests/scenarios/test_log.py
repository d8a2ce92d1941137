"""What may happen to a topic, its partitions and its offsets."""

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


class TopicMadeAgain(Scenario):
    """Deleted and made again under a running member: offsets begin at 0 and mean other events."""

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

    def landed(self) -> None:
        assert admin.topic_ids(self.world.admin, [self.world.topic()]) != self.before

    def check(self) -> None:
        super().check()
        report = checks.recounted(self.world, self.group)
        assert report.exit_code == 3, "half of the log is gone, so nothing can be called equal"


class TopicMadeAgainShorter(TopicMadeAgain):
    group = "order-funnel"
    second = 900


class TopicMadeAgainByTheConsumerProtocol(TopicMadeAgain):
    protocol = "consumer"


class ProducerSendsAgain(Scenario):
    """A producer that had no answer sends its last events again, after the group has moved."""

    group = "order-funnel"

    def play(self) -> None:
        self.world.catch_up(self.group)
        again = [as_message(event) for event in self.shop.events[-200:]]
        self.world.publish(again)
        self.second = self.world.catch_up(self.group)

    def landed(self) -> None:
        assert self.second.counted("duplicate") >= 200


class OffsetsLost(Scenario):
    """Kafka forgets the group: the checkpoint is where it goes on."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        name = self.world.group(self.group).name
        self.world.admin.delete_consumer_groups([name])[name].result()
        self.forgotten = self.world.commits(self.world.group(self.group)) == {}
        self.publish(500)
        self.second = self.world.catch_up(self.group)

    def landed(self) -> None:
        assert self.forgotten
        assert self.second.counted("received") < self.messages


class LateCommitOfAnotherIncarnation(Scenario):
    """A commit made for a topic that is no more points into the middle of its successor."""

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

    def landed(self) -> None:
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

    def landed(self) -> None:
        assert self.missing


class PartitionsAdded(Scenario):
    """Counters of single events stay exact however the keys are spread afterwards."""

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

    def landed(self) -> None:
        ends = self.world.admin.list_offsets(
            {TopicPartition(self.world.topic(), n): OffsetSpec.latest() for n in range(7)}  # type: ignore[no-untyped-call]
        )
        assert all(end.result().offset > 0 for end in ends.values())


class ProducersThatPartitionDifferently(Scenario):
    """One producer hashes keys as Java does, another as librdkafka: an order in two partitions
    has no order of events, so what comes outside its home is a dead letter, named as such."""

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

    def landed(self) -> None:
        assert self.strays()

    def check(self) -> None:
        checks.assert_no_lag(self.world, self.group)
        checks.assert_dead_letters_are_whole(self.world, self.group, len(self.strays()))
        checks.assert_recounted_equal(self.world, self.group)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "scenario",
    [
        TopicMadeAgain,
        TopicMadeAgainShorter,
        TopicMadeAgainByTheConsumerProtocol,
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
    """Retention passed what was not counted: never a silent reset."""
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
