"""No message ends a member: those at which the code raises, too large ones, and refused ones."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import bson
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]

from daybook.engine.batch import FAULT, Batch, DeadLetter
from daybook.engine.errors import DaybookError, TooManyFaults
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.kafka.arrival_times import _is_newest_producers, check_arrival_times
from daybook.engine.kafka.clients import dead_letter_producer
from daybook.engine.mongo import indexes
from daybook.engine.operations.dead_letter_exclude import exclude
from daybook.engine.operations.dead_letter_messages import dead_letter_messages
from daybook.engine.operations.dead_letter_records import DeadLetterRecords
from daybook.engine.operations.dead_letter_replay import Replay
from daybook.engine.partition import Partition
from daybook.engine.protocol.dead_letters import FAULTS_AN_HOUR_MAX, DeadLetters
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.protocol.stored_message import CUT
from tests.support import checks
from tests.support.faulty import SECRET, UNLUCKY, faulty_member
from tests.support.shop import Shop
from tests.support.wait import until
from tests.support.world import World

MIB = 2**20


def order(number: int, kind: str, **data: Any) -> tuple[str, bytes]:
    event = {
        "event_id": f"00000000-0000-4000-8000-{number:012x}",
        "event_type": f"order.{kind}",
        "occurred_at": "2026-11-01T10:00:00Z",
        "schema_version": 1,
        "data": data,
    }
    return data["order_id"], json.dumps(event).encode()


def set_config(world: World, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    world.admin.incremental_alter_configs([resource])[resource].result()


@pytest.mark.parametrize("failpoint", ["before_dead_letter:1", "within_dead_letter:1"])
def test_messages_at_which_the_code_raises_are_dead_letters_and_the_rest_is_counted(
    world: World, failpoint: str
) -> None:
    """The first member dies while it writes them; the second one finds the same."""
    world.make_topic()
    unlucky = [
        order(1, "payment_succeeded", order_id="u1", currency="EUR", amount_cents=UNLUCKY),
        order(2, "payment_succeeded", order_id="u2", currency="EUR", amount_cents=5),
        order(3, "refunded", order_id="u2", refund_cents=UNLUCKY),
        order(1, "payment_succeeded", order_id="u1", currency="EUR", amount_cents=UNLUCKY),
    ]
    good = Shop(1).messages(300)
    world.publish([*good[:150], *unlucky, *good[150:]])
    assert faulty_member(world, failpoint).wait(120) == -9
    member = faulty_member(world)
    assert member.wait(120) == 0, member.output()
    checks.assert_dead_letters_are_whole(world, "revenue", 3)
    records = list(world.documents["_daybook_dead_letters"].find())
    kinds = sorted((record["reason"], record["detail"]) for record in records)
    assert kinds == [(FAULT, "ArithmeticError")] * 2 + [(FAULT, "KeyError")]
    checks.assert_no_lag(world, "revenue")
    checks.assert_recounted_equal(world, "revenue")
    for one in world.members:
        assert SECRET not in one.output()
    if "before" in failpoint:
        lines = member.events("message in quarantine")
        assert {line["kind"] for line in lines} == {"ArithmeticError", "KeyError"}
        assert all("in react" in line["trace"] for line in lines)


def test_more_faults_than_the_limit_in_an_hour_stop_the_group_until_the_hour_is_over(
    world: World,
) -> None:
    world.make_topic()
    group = world.group("revenue")
    indexes.ensure(world.documents, group)
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    producer = dead_letter_producer(world.settings)

    def write(first: int, count: int, at: datetime) -> None:
        """As a member that has just started does, which knows nothing of earlier ones."""
        letters = DeadLetters(group.name, world.documents, producer, lambda: at)
        here = Partition(world.topic(), "topic-id", 0)
        offsets = range(first, first + count)
        dead = [DeadLetter(offset, b"k", b"v", FAULT, "ValueError") for offset in offsets]
        letters.write(Batch(here, first + count, dead=dead))

    def recorded() -> int:
        return world.documents["_daybook_dead_letters"].count_documents({"reason": FAULT})

    write(0, FAULTS_AN_HOUR_MAX - 1, now - timedelta(minutes=50))
    with pytest.raises(TooManyFaults, match="more than 100 messages in an hour.*offset 100"):
        write(99, 5, now)
    assert recorded() == FAULTS_AN_HOUR_MAX
    write(0, FAULTS_AN_HOUR_MAX, now)  # recorded before: no new faults
    with pytest.raises(TooManyFaults):
        write(100, 1, now)
    write(100, 5, now + timedelta(minutes=20))
    assert recorded() == FAULTS_AN_HOUR_MAX + 5


def old_topics(world: World) -> int:
    """The dead-letter topic takes no more than Kafka's default, as one that is not configured."""
    set_config(world, f"{world.topic()}.dlq", "max.message.bytes", str(MIB))
    return 3


def own_topics(world: World) -> int:
    return 2


@pytest.mark.parametrize("prepare", [own_topics, old_topics])
def test_a_message_of_any_size_finds_a_place_among_the_dead_letters(
    world: World, prepare: Callable[[World], int]
) -> None:
    """As large as the topic takes, 30 MiB packed into a few kB, and a key that fills the message:
    what does not fit is stored cut, with its digest and length, and cannot be replayed."""
    world.make_topic()
    cut = prepare(world)
    largest, packed = os.urandom(8 * MIB - 1_000), b'{"a": "' + b"x" * (30 * MIB) + b'"}'
    world.publish(order(n, "confirmed", order_id=f"o{n}") for n in range(100))
    world.publish([(None, largest)], partition=0)
    packing: dict[str, Any] = {"compression.type": "zstd", "message.max.bytes": 64 * MIB}
    world.publish([("k", packed)], partition=0, **packing)
    world.publish([("k" * (6 * MIB), b"{")], partition=0, **packing)
    world.publish(order(n, "delivered", order_id=f"o{n}") for n in range(100, 200))
    world.catch_up("revenue")
    checks.assert_no_lag(world, "revenue")
    checks.assert_dead_letters_are_whole(world, "revenue", 3)
    records = DeadLetterRecords(world.documents, world.topic())
    found = list(records.find())
    assert sum(record.cut for record in found) == cut
    headers = [
        h for h in checks.read_headers(world, f"{world.topic()}.dlq") if "daybook-length" in h
    ]
    of_packed = next(h for h in headers if h["daybook-length"] == str(len(packed)))
    assert of_packed["daybook-truncated"] == "value"
    assert of_packed["daybook-digest"] == sha256(packed).hexdigest()
    everything = {
        one.record.reason: one for one in dead_letter_messages(world.settings, world.admin, found)
    }
    assert everything["not_json"].cut is None, "the source topic still has the whole"
    fleet = str(find_fleet(world.documents, world.admin))
    outcome = Replay(world.settings, world.admin, records, fleet, world.topic()).run(found)
    assert packed[: CUT.value] != packed
    assert len(outcome.too_large) >= 1
    assert not outcome.lost


def test_what_mongodb_refuses_stops_the_group_until_the_message_is_excluded(world: World) -> None:
    world.make_topic()
    topic, group = world.topic(), world.group("revenue")
    world.publish([order(1, "payment_succeeded", order_id="o1", currency="EUR", amount_cents=9)])
    world.catch_up("revenue")
    # No document of a member grows so large: a field that Daybook does not know fills the state.
    state = world.documents["order_state"].find_one({"_id": "o1"}) or {}
    padding = "x" * (16 * MIB - len(bson.encode(state)) - 30)
    world.documents["order_state"].update_one({"_id": "o1"}, {"$set": {"padding": padding}})
    world.publish([order(2, "confirmed", order_id="o1")])
    stopped = world.member("revenue")
    assert stopped.wait(60) == 1, stopped.output()
    (failed,) = stopped.events("member failed")
    place = next((t, p) for (t, p), b in log_bounds(world.admin, [topic]).items() if b.high == 2)
    for part in (f"{topic}[{place[1]}]", "offset 1", "key o1", "order_state", "dlq exclude"):
        assert part in failed["why"]

    def excluding(offset: int) -> Any:
        return exclude(group, topic, place[1], offset, world.admin, world.documents)

    until(lambda: _is_stopped(world), "the group has no members")
    with pytest.raises(DaybookError, match="counted by .* already"):
        excluding(0)
    with pytest.raises(DaybookError, match="the log holds offsets 0 to 1"):
        excluding(2)
    excluding(1)
    with pytest.raises(DaybookError, match="a dead letter of .* already"):
        excluding(1)
    world.catch_up("revenue")
    world.documents["order_state"].update_one({"_id": "o1"}, {"$unset": {"padding": 1}})
    checks.assert_dead_letters_are_whole(world, "revenue", 1)
    report = checks.recounted(world, "revenue")
    assert (report.exit_code, report.excluded) == (0, [f"{topic}[{place[1]}] offset 1"])
    running = world.member("revenue")
    running.wait_for("partition started")
    with pytest.raises(DaybookError, match="members running"):
        excluding(1)


def _is_stopped(world: World) -> bool:
    group = world.group("revenue").name
    return not world.admin.describe_consumer_groups([group])[group].result().members


def test_a_topic_with_its_producers_times_is_refused_at_the_start(world: World) -> None:
    world.make_topic()
    topic = world.topic()
    set_config(world, topic, "message.timestamp.type", "CreateTime")
    world.publish([order(1, "confirmed", order_id="o1")], partition=0)
    member = world.member("revenue")
    assert member.wait(60) == 1
    (line,) = [x for x in member.output().splitlines() if "LogAppendTime" in x]
    assert f"{topic}: its producers say" in line
    assert _is_newest_producers(world.settings, world.admin, topic)
    set_config(world, topic, "message.timestamp.type", "LogAppendTime")
    check_arrival_times(world.settings, world.admin, [topic, "t.none"])
    world.publish([order(2, "confirmed", order_id="o1")], partition=0)
    assert not _is_newest_producers(world.settings, world.admin, topic)
    assert topic in topic_ids(world.admin, [topic])
    world.catch_up("revenue")
