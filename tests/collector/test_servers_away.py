"""While a server is unavailable, no accepted event is lost, and no event is accepted in vain."""

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


def view(visitor: int) -> dict[str, Any]:
    ids = {"event_id": str(uuid4()), "funnel_id": "spring"}
    return VIEW | ids | {"visitor_id": f"v-{visitor}", "session_id": f"s-{visitor}"}


def _site_with(server: Server, variables: dict[str, str], directory: Path) -> Iterator[Site]:
    server.start()
    try:
        with World(variables, directory) as world:
            world.make_topic("sc.tracking.funnel")
            site = Site(world)
            yield site
            site.end()
            server.start()  # the world needs it to clean up
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
    variables = servers | {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    yield from _site_with(broker, variables, tmp_path)


@pytest.fixture
def on_mongodb(mongodb: MongoDB, servers: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    variables = servers | {"DAYBOOK_MONGODB_URI": mongodb.address}
    yield from _site_with(mongodb, variables, tmp_path)


@pytest.fixture
def on_redis(redis: Redis, servers: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    yield from _site_with(redis, servers | {"DAYBOOK_REDIS_URL": redis.address}, tmp_path)


def test_without_a_broker_nothing_is_accepted(on_broker: Site, broker: Kafka) -> None:
    collector = on_broker.start(DAYBOOK_COLLECTOR_ACK_MS="1000").ready()
    broker.kill()
    reply = collector.track(VIEW)
    assert (reply.status, reply.json["status"]) == (503, "unavailable")
    assert int(reply.headers["retry-after"]) > 0
    until(lambda: collector.get("/ready").status == 503, "it is not ready")
    assert b"Kafka does not answer" in collector.get("/ready").body
    assert collector.get("/live").status == 200
    assert collector.track([VIEW] * 3).json["accepted"] == 0
    broker.start()
    until(lambda: collector.track(VIEW).status == 202, "it accepts events again")
    assert collector.metric("daybook_collector_events_total", outcome="unavailable") >= 4


@pytest.mark.timeout(900)
def test_every_202_is_in_the_log_and_counted_once_while_the_broker_is_killed_twice(
    on_broker: Site, broker: Kafka
) -> None:
    """100,000 events; each batch is sent until the response is 202."""
    world = on_broker.world
    for topic in ("sc.domain.funnel", "sc.domain.event"):
        world.make_topic(topic, partitions=1)
    # With small batches its commits move also on a machine that is too busy for a large one.
    member = world.member("funnel-step", DAYBOOK_BATCH_MESSAGES_MAX="2000")
    collector = on_broker.start(DAYBOOK_COLLECTOR_ACK_MS="3000").ready()
    batches = [[view(500 * (turn % 50) + n) for n in range(500)] for turn in range(200)]
    refused = 0
    done = 0

    def send(share: list[list[dict[str, Any]]]) -> None:
        nonlocal refused, done
        for batch in share:
            while (reply := track(batch)) is None or reply.status != 202:
                refused += 1
            assert reply.json["accepted"] == len(batch)
            done += 1

    def are_done(count: int) -> bool:
        return done >= count

    def track(batch: list[dict[str, Any]]) -> Reply | None:
        try:
            return collector.track(batch, key=on_broker.server_key)
        except ConnectionError:
            return None

    threads = [Thread(target=send, args=(batches[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for count in (40, 120):
        until(partial(are_done, count), f"{count} batches are done")
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


def test_a_full_queue_is_503_at_once(on_broker: Site, broker: Kafka) -> None:
    """The broker is frozen: it does not answer, and no timeout has passed yet."""
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
        queue = "daybook_collector_queue_messages"
        until(lambda: collector.metric(queue) == 500, "the queue is full")
        reply = collector.track(VIEW, key=key)
        assert (reply.status, reply.json["status"]) == (503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert not replies
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    caller.join(60)
    assert [reply.status for reply in replies] == [202]
    assert len(on_broker.logged()) == 500


def test_without_redis_events_are_accepted_without_a_limit_and_a_warning_is_logged(
    on_redis: Site, redis: Redis
) -> None:
    collector = on_redis.start(DAYBOOK_COLLECTOR_RATE="1", DAYBOOK_COLLECTOR_BURST="5").ready()
    assert collector.track([VIEW] * 5).status == 202
    assert collector.track([VIEW] * 5).status == 429
    redis.kill()
    for _ in range(4):
        assert collector.track([VIEW] * 5).status == 202
    assert collector.metric("daybook_collector_unlimited_events_total") == 20
    assert "rate limiting off" in collector.output()
    redis.start()
    until(lambda: collector.track([VIEW] * 5).status == 429, "the limit applies again")


def test_without_mongodb_cached_keys_are_accepted_and_others_are_503(
    on_mongodb: Site, mongodb: MongoDB
) -> None:
    collector = on_mongodb.start().ready()
    assert collector.track(VIEW).status == 202
    mongodb.kill()
    assert collector.track(VIEW).status == 202
    reply = collector.track(VIEW, key=on_mongodb.server_key)
    assert (reply.status, reply.json["status"]) == (503, "refused")
    mongodb.start()
    until(lambda: collector.track(VIEW, key=on_mongodb.server_key).status == 202, "it is checked")


def test_the_error_for_a_missing_topic_names_the_command_that_creates_it(world: World) -> None:
    site = Site(world)
    collector = site.start()
    try:
        until(lambda: b"topics apply" in collector.get("/ready").body, "it names the command")
        assert collector.track(VIEW).status == 503
    finally:
        site.end()


def test_events_accepted_before_a_stop_are_in_the_log(site: Site) -> None:
    collector = site.start(DAYBOOK_COLLECTOR_LINGER_MS="500").ready()
    replies: list[Reply] = []
    caller = Thread(target=lambda: replies.append(collector.track([VIEW] * 100)))
    caller.start()
    until(lambda: collector.metric("daybook_collector_events_total") >= 0, "it answers")
    assert collector.end() == 0
    assert '"event": "stopped"' in collector.output()
    caller.join(30)
    assert [json.loads(reply.body)["accepted"] for reply in replies] == [100]
    assert len(site.logged()) == 100
