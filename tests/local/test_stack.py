"""The local stack keeps its data over stop, kill and start; a wipe removes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pymongo import MongoClient

from daybook.local.errors import ServerError
from daybook.local.mongodb import replica_set
from daybook.local.ports import free_ports, is_free
from daybook.local.server import State, start_all, stop_all
from daybook.local.stack import NAMES, Ports, Stack

SECONDS = 30.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "a stack", Ports.free())
    yield stack
    stack.wipe()
    assert not stack.directory.exists()


def write(stack: Stack, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": stack.kafka.address, "acks": "all"})
    producer.produce("written", value, partition=0)
    assert producer.flush(SECONDS) == 0
    with MongoClient[dict[str, Any]](stack.mongodb.address) as mongodb:
        mongodb.test.written.insert_one({"_id": value.decode()})
    with redis.Redis.from_url(stack.redis.address) as client:
        client.rpush("written", value)


def read(stack: Stack) -> dict[str, list[bytes]]:
    consumer = Consumer(
        {
            "bootstrap.servers": stack.kafka.address,
            "group.id": "reader",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition("written", 0, 0)])
    messages: list[bytes] = []
    while (message := consumer.poll(SECONDS)) is not None and not message.error():
        messages.append(message.value() or b"")
    consumer.close()
    with MongoClient[dict[str, Any]](stack.mongodb.address) as mongodb:
        documents = [str(document["_id"]).encode() for document in mongodb.test.written.find()]
    with redis.Redis.from_url(stack.redis.address) as client:
        items = client.lrange("written", 0, -1)
    return {"kafka": messages, "mongodb": documents, "redis": items}


def create_topic(stack: Stack) -> None:
    client = AdminClient({"bootstrap.servers": stack.kafka.address})
    for created in client.create_topics([NewTopic("written", 1)]).values():
        created.result(SECONDS)


def test_data_survives_stop_kill_and_start(stack: Stack) -> None:
    assert set(stack.start().values()) == {State.STARTED}
    assert set(stack.start().values()) == {State.RUNNING}
    create_topic(stack)
    write(stack, b"one")

    assert stack.stop() == set(NAMES)
    assert all(is_free(port) for server in stack.servers() for port in server.ports())
    stack.start()
    assert read(stack) == dict.fromkeys(NAMES, [b"one"])

    write(stack, b"two")
    for server in stack.servers():
        server.kill()
    assert stack.running() == set()
    assert set(stack.start().values()) == {State.STARTED}
    stored = read(stack)
    assert stored["kafka"] == stored["mongodb"] == [b"one", b"two"]


def test_a_wiped_stack_becomes_another_cluster(stack: Stack) -> None:
    def cluster_id() -> object:
        stack.kafka.start()
        client = AdminClient({"bootstrap.servers": stack.kafka.address})
        return client.list_topics(timeout=SECONDS).cluster_id

    first = cluster_id()
    stack.wipe()
    assert cluster_id() != first


def test_a_replica_set_of_three_elects_another_primary(tmp_path: Path) -> None:
    members = replica_set(tmp_path, free_ports(3))
    try:
        start_all(members)
        with MongoClient[dict[str, Any]](members[0].address) as client:
            client.test.written.insert_one({"_id": "before"})
            primary = client.primary
            assert primary
            next(member for member in members if member.port == primary[1]).kill()
            client.test.written.insert_one({"_id": "after"})
            assert client.test.written.count_documents({}) == 2
            assert client.primary not in (None, primary)
    finally:
        stop_all(members)


def test_data_created_with_other_ports_is_refused(stack: Stack) -> None:
    stack.start(["mongodb"])
    stack.stop()
    other = Stack(stack.directory, Ports.free())
    with pytest.raises(ServerError, match=f"DAYBOOK_LOCAL_PORTS={stack.ports}"):
        other.start(["mongodb"])
    assert stack.start(["mongodb"]) == {"mongodb": State.STARTED}
