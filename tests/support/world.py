"""A fleet for one test: topics, a database, groups and members that no other test uses."""

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

import consumers
from daybook.engine.group import Group
from daybook.engine.kafka import admin, clients
from daybook.engine.member.caught_up import log_ends
from daybook.engine.mongo.client import database
from daybook.engine.settings import Settings
from schemas.catalogue import catalogue
from tests.support.member import MemberProcess
from tests.support.wait import until

TOPICS = ("sc.domain.order", "sc.domain.user")


class World:
    """`variables` name the servers; everything created on them is removed on exit."""

    def __init__(self, variables: Mapping[str, str], directory: Path) -> None:
        self.name = f"t{uuid.uuid4().hex[:8]}"
        self.directory = directory
        self.variables = dict(variables) | {
            "DAYBOOK_MONGODB_DATABASE": self.name,
            "DAYBOOK_KAFKA_SESSION_TIMEOUT_MS": "3000",
        }
        self.members: list[MemberProcess] = []
        self.settings = _settings(self.variables)
        self.admin = clients.admin(self.settings)
        self.documents = database(self.settings)
        self._made: set[str] = set()
        self._consumers: dict[str, Consumer] = {}

    def reconnect(self) -> None:
        """Replaces the client of MongoDB, which may refuse servers that forgot an election."""
        self.documents.client.close()
        self.documents = database(self.settings)

    def topic(self, name: str = "sc.domain.order") -> str:
        return f"{self.name}.{name}"

    def group(self, short: str) -> Group:
        """The fleet's group of this name, over this world's topics and with a name of its own."""
        return renamed(consumers.find(short), self.name)

    def make_topic(self, name: str = "sc.domain.order", partitions: int = 4) -> None:
        wanted = [(name, self.topic(name), partitions)]
        if catalogue().topics[name].dead_letter:
            wanted.append((f"{name}.dlq", f"{self.topic(name)}.dlq", 1))
        topics = [
            NewTopic(topic, count, 1, config=catalogue().config(plain))
            for plain, topic, count in wanted
            if topic not in self._made
        ]
        for topic, done in self.admin.create_topics(topics).items():
            done.result()
            self._made.add(topic)

    def delete_topic(self, name: str = "sc.domain.order") -> None:
        topic = self.topic(name)
        self.admin.delete_topics([topic])[topic].result()
        self._made.discard(topic)
        until(lambda: topic not in self.admin.list_topics(timeout=5).topics, "the topic is gone")

    def producer(self, **options: Any) -> Producer:
        own = clients.common(self.settings) | {"partitioner": "murmur2_random", "linger.ms": 5}
        own |= {"message.max.bytes": clients.MESSAGE_BYTES_MAX}
        return Producer(own | {"acks": "all", "enable.idempotence": True} | options)

    def publish(
        self,
        messages: Iterable[tuple[str | None, bytes | None]],
        name: str = "sc.domain.order",
        partition: int = -1,
        **options: Any,
    ) -> None:
        """Publishes keys and values; returns once the broker has all of them."""
        producer = self.producer(**options)
        for sent, (key, value) in enumerate(messages):
            producer.produce(self.topic(name), key=key, value=value, partition=partition)
            if sent % 1_000 == 0:
                producer.poll(0)
        assert producer.flush(60) == 0

    def member(
        self, short: str, *options: str, failpoint: str = "", **variables: str
    ) -> MemberProcess:
        """Starts a member of a group of this world."""
        environment = os.environ | self.variables | {"DAYBOOK_FAILPOINT": failpoint} | variables
        number = len(self.members)
        log = self.directory / f"{short}-{number}.log"
        member = MemberProcess([short, self.name, *options], environment, log)
        self.members.append(member)
        return member

    def catch_up(self, short: str, **variables: str) -> MemberProcess:
        """Runs a member until the group has counted everything."""
        member = self.member(short, "--until-caught-up", **variables)
        assert member.wait(120) == 0, member.output()
        return member

    def wait_for_commits(self, short: str, seconds: float = 120.0) -> None:
        """Waits until the group's commits in Kafka have reached the ends of the log.

        Fails if they do not move for `seconds`; the total time depends only on the machine.
        """
        group = self.group(short)
        ends = log_ends(self.admin, group.topics)
        while (reached := self.commits(group)) != ends:
            until(
                partial(self._have_moved, group, reached),
                f"the commits have reached the ends {ends}, or moved on from {reached}",
                seconds,
            )

    def _have_moved(self, group: Group, reached: dict[tuple[str, int], int]) -> bool:
        return self.commits(group) not in (reached, {})

    def commits(self, group: Group) -> dict[tuple[str, int], int]:
        """The group's committed offsets by topic id and partition, for its topics' incarnations."""
        ids = admin.topic_ids(self.admin, group.topics)
        return {
            (ids[place.topic], place.partition): place.offset
            for place in self._committed(group)
            if place.topic in ids and (place.metadata or "").endswith(f"|{ids[place.topic]}")
        }

    def committed_by(self, group: Group) -> list[str]:
        """The metadata of each of the group's commits."""
        return [place.metadata or "" for place in self._committed(group)]

    def _committed(self, group: Group) -> list[TopicPartition]:
        # Read by a consumer that never joins: librdkafka's admin client may crash on this request.
        known = self.admin.list_topics(timeout=5).topics
        places = [
            TopicPartition(topic, number)
            for topic in group.topics
            if topic in known
            for number in known[topic].partitions
        ]
        if group.name not in self._consumers:
            own = {"group.id": group.name, "enable.auto.commit": False}
            self._consumers[group.name] = Consumer(clients.common(self.settings) | own)
        try:
            found = self._consumers[group.name].committed(places, timeout=5) if places else []
        except KafkaException:
            return []  # the coordinator is still loading
        return [place for place in found if place.offset >= 0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            member.kill()
        for consumer in self._consumers.values():
            consumer.close()
        self.documents.client.drop_database(self.name)
        self.documents.client.close()
        if self._made:
            for done in self.admin.delete_topics(sorted(self._made)).values():
                done.result()


def _settings(variables: Mapping[str, str]) -> Settings:
    return Settings.model_validate(
        {name.removeprefix("DAYBOOK_").lower(): value for name, value in variables.items()}
    )


def renamed(group: Group, name: str) -> Group:
    """The group with the name as prefix of its topics and as suffix of its own name."""
    return replace(
        group,
        name=f"{group.name}-{name}",
        sources=tuple(replace(s, topic=f"{name}.{s.topic}") for s in group.sources),
        definitions=tuple(replace(s, topic=f"{name}.{s.topic}") for s in group.definitions),
        feed=group.feed and group.feed._replace(topic=f"{name}.{group.feed.topic}"),
        produces=tuple(f"{name}.{topic}" for topic in group.produces),
    )
