"""The checks that must pass after every scenario."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import KafkaError, TopicPartition

from daybook.engine.kafka import clients
from daybook.engine.member.caught_up import log_ends
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.recount.groups import find
from daybook.recount.verdict.report import Report
from daybook.recount.verify import verify_group
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.compare import all_differences, by_document
from daybook.simulate.answer.entry import Entry
from tests.support.world import World


def assert_no_lag(world: World, short: str) -> None:
    """Every checkpoint is at the end of the log, and every commit names this fleet."""
    group = world.group(short)
    ends = log_ends(world.admin, group.topics)
    reached = Checkpoints(group.name, world.documents).all()
    behind = {p: end for p, end in ends.items() if reached.get(p, 0) < end}
    assert not behind, f"{behind} not reached: {reached}"
    fleet = world.documents["_daybook"].find_one({"_id": "fleet"})
    assert fleet is not None
    owners = {metadata.split("|")[0] for metadata in world.committed_by(group)}
    assert owners == {fleet["fleet"]}


def assert_counted(world: World, short: str, events: Iterable[Mapping[str, Any]]) -> None:
    """The documents equal a count of the published events, which does not use the log."""
    topic = find(short).topic
    own = {model.collection for model in world.group(short).documents}
    expected = by_document(answer(Entry(topic, dict(event), appended_ms=0) for event in events))
    stored = {(name, one["_id"]): one for name in own for one in world.documents[name].find()}
    expected = {where: fields for where, fields in expected.items() if where[0] in own}
    assert list(all_differences(stored, expected)) == []


def recounted(world: World, short: str) -> Report:
    """Compares the group's documents and states with a recount in SQL over the raw log."""
    own, plain = world.group(short), find(short)
    definitions = world.topic(plain.definitions) if plain.definitions else None
    group = replace(plain, name=own.name, topic=own.topics[0], definitions=definitions)
    return verify_group(clients.common(world.settings), world.documents, group)


def assert_recounted_equal(world: World, short: str) -> None:
    """The recount finds no difference in any field of any document or state."""
    report = recounted(world, short)
    assert report.exit_code == 0, report.as_json()
    assert report.documents > 0


def assert_dead_letters_are_whole(world: World, short: str, published: int) -> None:
    """Each poison message, and no other, has a record and is in the dead-letter topic."""
    group = world.group(short)
    records = list(world.documents["_daybook_dead_letters"].find({"group": group.name}))
    assert len(records) == published, Counter(record["reason"] for record in records)
    places = {(d["topic_id"], str(d["partition"]), str(d["offset"])) for d in records}
    produced = {
        (h["daybook-topic-id"], h["daybook-partition"], h["daybook-offset"])
        for h in read_headers(world, f"{group.topics[0]}.dlq")
        if h["daybook-group"] == group.name
    }
    assert produced == places


def read_headers(world: World, topic: str) -> list[dict[str, str]]:
    """The headers of every message of a topic with one partition."""
    consumer = clients.reader(world.settings)
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    while (message := consumer.poll(10)) is not None:
        error = message.error()
        if error is not None:
            assert error.code() == KafkaError._PARTITION_EOF, error
            break
        headers: Any = message.headers() or []
        found.append({name: value.decode() for name, value in headers})
    consumer.close()
    return found
