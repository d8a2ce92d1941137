"""A server is away: what is promised is kept, and what cannot be promised is not."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from daybook.local.redis import Redis
from daybook.local.server import Server
from tests.collector.conftest import Site
from tests.support.service import Reply
from tests.support.wait import until
from tests.support.world import World

VIEW = {"event_type": "page_view", "visitor_id": "v-1", "session_id": "s-1"}


def view(person: int) -> dict[str, Any]:
    own = {"event_id": str(uuid4()), "funnel_id": "spring"}
    return VIEW | own | {"visitor_id": f"v-{person}", "session_id": f"s-{person}"}


def _site_with(server: Server, variables: dict[str, str], directory: Path) -> Iterator[Site]:
    server.start()
    try:
        with World(variables, directory) as world:
            world.make_topic("sc.tracking.funnel")
            own = Site(world)
            yield own
            own.end()
            server.start()  # for the world's own leaving
    finally:
        server.kill()
        server.wipe()


@pytest.fixture
def broker(tmp_path: Path) -> Kafka:
    return Kafka(tmp_path / "kafka", *free_ports(2))


@pytest.fixture
def mongodb(tmp_path: Path) -> MongoDB:
    return MongoDB(tmp_path / "mongodb", free_ports(1)[0])


@pytest.fixture
def redis(tmp_path: Path) -> Redis:
    return Redis(tmp_path / "redis", free_ports(1)[0])


@pytest.fixture
def on_broker(broker: Kafka, servers: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    own = servers | {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    yield from _site_with(broker, own, tmp_path)


@pytest.fixture
def on_mongodb(mongodb: MongoDB, servers: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    own = servers | {"DAYBOOK_MONGODB_URI": mongodb.address}
    yield from _site_with(mongodb, own, tmp_path)


@pytest.fixture
def on_redis(redis: Redis, servers: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    yield from _site_with(redis, servers | {"DAYBOOK_REDIS_URL": redis.address}, tmp_path)


def test_without_a_broker_nothing_is_accepted(on_broker: Site, broker: Kafka) -> None:
    collector = on_broker.start(DAYBOOK_COLLECTOR_ACK_MS="1000").ready()
    broker.kill()
    reply = collector.track(VIEW)
    assert (reply.status, reply.json["status"]) == (503, "unavailable")
    assert int(reply.headers["retry-after"]) > 0
    until(lambda: collector.get("/ready").status == 503, "it says that it is not ready")
    assert b"Kafka does not answer" in collector.get("/ready").body
    assert collector.get("/live").status == 200
    assert collector.track([VIEW] * 3).json["accepted"] == 0
    broker.start()
    until(lambda: collector.track(VIEW).status == 202, "it takes events again")
    assert collector.metric("daybook_collector_events_total", outcome="unavailable") >= 4


@pytest.mark.timeout(900)
def test_every_202_is_in_the_log_and_counted_once_while_the_broker_is_killed_twice(
    on_broker: Site, broker: Kafka
) -> None:
    """100,000 events; batches are sent again until they are answered with 202."""
    world = on_broker.world
    for topic in ("sc.domain.funnel", "sc.domain.event"):
        world.make_topic(topic, partitions=1)
    # With small batches its commits move also on a machine that is too busy for a large one.
    member = world.member("funnel-step", DAYBOOK_BATCH_MESSAGES_MAX="2000")
    collector = on_broker.start(DAYBOOK_COLLECTOR_ACK_MS="3000").ready()
    batches = [[view(500 * (turn % 50) + n) for n in range(500)] for turn in range(200)]
    refused = 0
    done = 0

    def send(own: list[list[dict[str, Any]]]) -> None:
        nonlocal refused, done
        for batch in own:
            while (reply := _tried(batch)) is None or reply.status != 202:
                refused += 1
            assert reply.json["accepted"] == len(batch)
            done += 1

    def are_done(enough: int) -> bool:
        return done >= enough

    def _tried(batch: list[dict[str, Any]]) -> Reply | None:
        try:
            return collector.track(batch, key=on_broker.server_key)
        except ConnectionError:
            return None

    threads = [Thread(target=send, args=(batches[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for enough in (40, 120):
        until(partial(are_done, enough), "some are done")
        broker.kill()
        broker.start()
    for thread in threads:
        thread.join(300)
    assert done == len(batches)
    assert refused > 0
    logged = Counter(one.event["event_id"] for one in on_broker.logged())
    assert logged.keys() == {event["event_id"] for batch in batches for event in batch}
    world.wait_for_commits("funnel-step")
    member.end()
    days = list(world.documents["analytics_funnel"].find())
    assert sum(day["page_views"] for day in days) == len(logged)


def test_a_full_queue_is_told_at_once(on_broker: Site, broker: Kafka) -> None:
    """The broker is frozen: it does not answer, and nobody knows yet that it will not."""
    collector = on_broker.start(
        DAYBOOK_COLLECTOR_ACK_MS="60000", DAYBOOK_COLLECTOR_QUEUE_MESSAGES="500"
    ).ready()
    key = on_broker.server_key
    replies: list[Reply] = []
    caller = Thread(target=lambda: replies.append(collector.track([VIEW] * 500, key=key)))
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        caller.start()
        full = "daybook_collector_queue_messages"
        until(lambda: collector.metric(full) == 500, "the queue is full")
        reply = collector.track(VIEW, key=key)
        assert (reply.status, reply.json["status"]) == (503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert not replies
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    caller.join(60)
    assert [reply.status for reply in replies] == [202]
    assert len(on_broker.logged()) == 500


def test_without_redis_tracking_goes_on_unlimited_and_says_so(on_redis: Site, redis: Redis) -> None:
    collector = on_redis.start(DAYBOOK_COLLECTOR_RATE="1", DAYBOOK_COLLECTOR_BURST="5").ready()
    assert collector.track([VIEW] * 5).status == 202
    assert collector.track([VIEW] * 5).status == 429
    redis.kill()
    for _ in range(4):
        assert collector.track([VIEW] * 5).status == 202
    assert collector.metric("daybook_collector_unlimited_events_total") == 20
    assert "rate limiting off" in collector.said()
    redis.start()
    until(lambda: collector.track([VIEW] * 5).status == 429, "the limit is there again")


def test_without_mongodb_known_keys_stay_good_and_others_cannot_be_judged(
    on_mongodb: Site, mongodb: MongoDB
) -> None:
    collector = on_mongodb.start().ready()
    assert collector.track(VIEW).status == 202
    mongodb.kill()
    assert collector.track(VIEW).status == 202
    reply = collector.track(VIEW, key=on_mongodb.server_key)
    assert (reply.status, reply.json["status"]) == (503, "refused")
    mongodb.start()
    until(lambda: collector.track(VIEW, key=on_mongodb.server_key).status == 202, "it is known")


def test_a_missing_topic_is_told_by_the_command_that_makes_it(world: World) -> None:
    site = Site(world)
    collector = site.start()
    try:
        until(lambda: b"topics apply" in collector.get("/ready").body, "it says what is missing")
        assert collector.track(VIEW).status == 503
    finally:
        site.end()


def test_what_was_accepted_before_a_stop_is_in_the_log(site: Site) -> None:
    collector = site.start(DAYBOOK_COLLECTOR_LINGER_MS="500").ready()
    replies: list[Reply] = []
    caller = Thread(target=lambda: replies.append(collector.track([VIEW] * 100)))
    caller.start()
    until(lambda: collector.metric("daybook_collector_events_total") >= 0, "it answers")
    assert collector.end() == 0
    assert '"event": "stopped"' in collector.said()
    caller.join(30)
    assert [json.loads(reply.body)["accepted"] for reply in replies] == [100]
    assert len(site.logged()) == 100
