"""Operations on a fleet: replaying dead records, adding partitions, accepting gaps."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import log_bounds
from daybook.engine.kafka.scan import scan
from daybook.engine.kafka.topics import add_partitions
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.operations.dead_letter_replay import REPLAY_OF, Replay
from daybook.engine.operations.partition_boundaries import NotReady, record_boundary
from daybook.engine.operations.reset import accept, check_stopped, commit, find_resets
from daybook.engine.protocol.fleet import find_fleet
from tests.support import checks
from tests.support.shop import Shop
from tests.support.world import World


def with_dead_letters(world: World, *groups: str) -> DeadLetterRecords:
    world.make_topic()
    shop = Shop()
    world.publish(shop.with_poison(shop.messages(500)))
    for group in groups:
        world.catch_up(group)
    return DeadLetterRecords(world.documents, world.topic())


def replay(world: World, records: DeadLetterRecords) -> Replay:
    fleet = str(find_fleet(world.documents, world.admin))
    return Replay(world.settings, world.admin, records, fleet, world.topic())


def copies(world: World) -> Counter[tuple[Any, Any]]:
    """The number of copies of each dead letter's message in its topic, by origin and group."""
    counts: Counter[tuple[Any, Any]] = Counter()
    for message in scan(world.settings, log_bounds(world.admin, [world.topic()])):
        headers = dict(message.headers() or [])
        if REPLAY_OF in headers:
            counts[headers[REPLAY_OF], headers["daybook-group"]] += 1
    return counts


def assert_each_once(world: World, records: list[DeadLetterRecord]) -> None:
    expected = {(one.origin.encode(), one.group.encode()): 1 for one in records}
    assert copies(world) == expected
    again = DeadLetterRecords(world.documents, world.topic()).reload(records)
    assert {one.replayed for one in again} == {"replayed"}


def test_a_dead_letter_is_sent_once_to_the_group_that_could_not_count_it(world: World) -> None:
    records = with_dead_letters(world, "order-funnel", "revenue")
    first = list(records.find())
    outcome = replay(world, records).run(first)
    assert (outcome.sent, outcome.found, outcome.lost) == (len(first), 0, [])
    assert replay(world, records).run(first).sent == 0
    assert_each_once(world, first)
    member = world.catch_up("revenue")
    revenue = world.group("revenue").name
    mine = [one for one in first if one.group == revenue]
    assert member.counted("replay_for_another_group") == len(first) - len(mine)
    assert len(list(records.find(group=revenue))) == 2 * len(mine), "each is poison once more"
    checks.assert_no_lag(world, "revenue")
    checks.assert_recounted_equal(world, "revenue")


class Died(Exception):
    """Raised where a process would be killed."""


class DiesAfterSending(DeadLetterRecords):
    def mark_replayed(self, record: DeadLetterRecord) -> None:
        raise Died


def test_a_replay_that_died_before_sending_is_continued(world: World) -> None:
    records = with_dead_letters(world, "order-funnel")
    first = list(records.find())
    for one in first[:3]:
        here = log_bounds(world.admin, [world.topic()])[world.topic(), one.partition]
        assert records.mark_replaying(one, here.high, one.topic_id)
    outcome = replay(world, records).run(first)
    assert (outcome.sent, outcome.found) == (len(first), 0)
    assert_each_once(world, first)


def test_a_replay_that_died_after_sending_is_not_repeated(world: World) -> None:
    records = with_dead_letters(world, "order-funnel")
    first = list(records.find())
    with pytest.raises(Died):
        replay(world, DiesAfterSending(world.documents, world.topic())).run(first)
    outcome = replay(world, records).run(first)
    assert (outcome.sent, outcome.found) == (0, len(first))
    assert_each_once(world, first)


class Overtaken(DeadLetterRecords):
    """Another replay runs right after this one has claimed a record."""

    overtake: Callable[[], object]

    def mark_replaying(self, record: DeadLetterRecord, replay_from: int, topic_id: str) -> bool:
        is_claimed = super().mark_replaying(record, replay_from, topic_id)
        self.overtake()
        return is_claimed


def test_of_two_replays_at_once_the_later_one_sends(world: World) -> None:
    records = with_dead_letters(world, "order-funnel")
    first = list(records.find())
    earlier = Overtaken(world.documents, world.topic())
    earlier.overtake = lambda: replay(world, records).run(first)
    with pytest.raises(DaybookError, match="another `dlq replay`"):
        replay(world, earlier).run(first)
    replay(world, records).run(first)
    assert_each_once(world, first)


def test_a_message_missing_in_the_dead_letter_topic_is_replayed_from_the_log(world: World) -> None:
    records = with_dead_letters(world, "order-funnel")
    first = sorted(records.find(), key=lambda one: one.offset)
    topic, gone = world.topic(), first[0]
    end = log_bounds(world.admin, [f"{topic}.dlq"])[f"{topic}.dlq", 0].high
    cut = [
        TopicPartition(f"{topic}.dlq", 0, end),
        TopicPartition(topic, gone.partition, gone.offset + 1),
    ]
    for deleted in world.admin.delete_records(cut).values():
        deleted.result()
    outcome = replay(world, records).run(first)
    assert (outcome.sent, outcome.lost) == (len(first) - 1, [gone])
    assert_each_once(world, first[1:])


def test_partitions_are_added_and_no_order_is_lost(world: World) -> None:
    """Keys move to other partitions and are counted there; a home may be changed by a member that
    dies before it has counted anything in the new one."""
    world.make_topic()
    shop, topic, group = Shop(), world.topic(), world.group("revenue")
    messages = shop.messages(2_000, duplicates=0)
    world.publish(messages[:1_000])
    with pytest.raises(NotReady, match="1,000 messages"):
        record_boundary(world.documents, world.admin, topic, 7, [group])
    member = world.member("revenue")
    world.wait_for_commits("revenue")
    with pytest.raises(NotReady, match="members running: 1"):
        record_boundary(world.documents, world.admin, topic, 7, [group])
    member.end()
    ends = record_boundary(world.documents, world.admin, topic, 7, [group])
    assert record_boundary(world.documents, world.admin, topic, 7, [group]) == ends
    (stored,) = world.documents["_daybook"].find({"_id": {"$regex": "^boundaries:"}})
    (boundary,) = stored["boundaries"]
    assert boundary["ends"] == {str(number): end for number, end in ends.items()}
    add_partitions(world.admin, topic, 7)
    world.publish(messages[1_000:])
    world.member("revenue", failpoint="before_write:1").wait(60)
    assert world.documents["order_state"].count_documents({"home.epoch": 1}) > 0
    checks.assert_recounted_equal(world, "revenue")
    world.catch_up("revenue")
    assert len(log_bounds(world.admin, [topic])) == 7
    checks.assert_dead_letters_are_whole(world, "revenue", 0)
    checks.assert_counted(world, "revenue", shop.events)
    checks.assert_recounted_equal(world, "revenue")


def test_a_gap_is_accepted_and_recorded_and_counting_continues(world: World) -> None:
    world.make_topic()
    shop, topic, group = Shop(), world.topic(), world.group("order-funnel")
    world.publish(shop.messages(500))
    world.catch_up("order-funnel")
    before = log_bounds(world.admin, [topic])[topic, 0].high
    world.publish(shop.messages(500))
    after = log_bounds(world.admin, [topic])[topic, 0].high
    cut = TopicPartition(topic, 0, after - 1)
    world.admin.delete_records([cut])[cut].result()
    assert world.member("order-funnel").wait(60) == 1

    fleet = str(find_fleet(world.documents, world.admin))
    check_stopped(group, world.admin)
    found = find_resets(group, fleet, world.documents, world.admin, world.settings)
    (reset,) = found
    assert (reset.missed, reset.counted_again) == (before, after - 1)
    accept(reset, group, world.documents)
    accept(replace(reset, checkpoint=reset.restart), group, world.documents)
    commit(found, group, fleet, world.settings)
    (gap,) = world.documents["_daybook"].find({"_id": {"$regex": "^gap:"}})
    assert (gap["from"], gap["to"]) == (before, after - 1)
    assert find_resets(group, fleet, world.documents, world.admin, world.settings) == []
    world.catch_up("order-funnel")
    checks.assert_no_lag(world, "order-funnel")
    assert checks.recounted(world, "order-funnel").exit_code == 3
