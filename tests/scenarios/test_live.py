"""Live numbers in Redis equal the documents, whatever happens to Redis."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis as client

from daybook.local.ports import free_ports
from daybook.local.redis import Redis
from tests.scenarios.scenario import SMALL_BATCHES
from tests.support import checks
from tests.support.live import Bustle, documents, hashes, noon_zone, wait_until_right
from tests.support.member import MemberProcess
from tests.support.wait import until
from tests.support.world import World

GROUP = "funnel-step"
EVENTS = 600
SPRING = "analytics:funnel:{}:spring%3Asale"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis for this test only."""
    own = Redis(tmp_path / "redis", free_ports(1)[0])
    own.start()
    yield own
    own.kill()
    own.wipe()


@pytest.fixture
def redis(server: Redis) -> Iterator[Any]:
    with client.Redis(port=server.port, decode_responses=True) as own:
        yield own


@pytest.fixture
def here(servers: dict[str, str], server: Redis, tmp_path: Path) -> Iterator[World]:
    """A world on that Redis, where it is noon, and whose members refresh it twice a second."""
    own = {
        "DAYBOOK_REDIS_URL": server.address,
        "DAYBOOK_ZONE": noon_zone(),
        "DAYBOOK_LIVE_REFRESH_MS": "500",
    }
    with World(servers | own, tmp_path) as world:
        yield world


def start(world: World, **options: Any) -> MemberProcess:
    member = world.member(GROUP, **options, **SMALL_BATCHES)
    member.wait_for("member started")
    return member


def is_up(member: MemberProcess) -> bool:
    return member.metric("daybook_live_up") == 1


def test_after_traffic_live_numbers_equal_the_documents(here: World, redis: Any) -> None:
    bustle = Bustle(here)
    bustle.publish_gala(capacity=500)
    bustle.publish(100, ago=timedelta(days=1))
    bustle.events.clear()
    members = [start(here), start(here)]
    with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(
            f"analytics:dashboard:{here.name}", f"analytics:event:{here.name}:gala"
        )
        for _ in range(4):
            bustle.publish(EVENTS // 4)
        here.wait_for_commits(GROUP)
        wait_until_right(redis, here)
        messages: dict[str, Any] = {}
        gala_revision = documents(here)[f"analytics:event:{here.name}:gala:live"]["revision"]

        def has_last_totals() -> bool:
            while message := subscription.get_message(timeout=0.1):
                messages[message["channel"]] = json.loads(message["data"])
            own = messages.get(f"analytics:event:{here.name}:gala", {})
            return str(own.get("revision")) == gala_revision

        until(has_last_totals, "subscribers have the last totals")
    assert messages[f"analytics:dashboard:{here.name}"]["totals"][0]["organization_id"] == here.name
    assert len(documents(here)) == 4
    gala = hashes(redis, here)[f"analytics:event:{here.name}:gala:live"]
    assert gala["capacity"] == "500"
    assert int(gala["total_tickets_sold"]) > int(gala["tickets_sold"])
    wait_until_sets_are_right(here, redis, bustle)
    for member in members:
        member.end()
    checks.assert_recounted_equal(here, GROUP)


def wait_until_sets_are_right(world: World, redis: Any, bustle: Bustle) -> None:
    """Waits for the sorted sets, which may follow the hashes: a member writes the totals of all
    documents it touched, whoever counted them, but only the events it counted itself."""

    def are_right() -> bool:
        with suppress(AssertionError):
            assert_sets_are_right(world, redis, bustle)
            return True
        return False

    with suppress(AssertionError):
        until(are_right, "sets are right")
    assert_sets_are_right(world, redis, bustle)


def assert_sets_are_right(world: World, redis: Any, bustle: Bustle) -> None:
    """Checks the sets of one funnel and one ticketed event against the published events."""
    own = [e for e in bustle.events if e["data"]["funnel_id"] == "spring:sale"]
    key = SPRING.format(world.name)

    def of_order(event: dict[str, Any]) -> Any:
        return event["occurred_at"], event["event_id"]

    recent = [json.loads(one) for one in redis.zrange(key, 0, -1)]
    last = sorted(own, key=of_order)[-50:]
    assert [one["event_id"] for one in recent] == [one["event_id"] for one in last]
    assert redis.zcard(f"{key}:active") == len({e["data"]["visitor_id"] for e in own})
    at = {}
    for event in own:
        if event["event_type"] == "step_entry":
            at[event["data"]["visitor_id"]] = event["data"]["step_id"]
        elif event["data"].get("exit_outcome") == "bounce":
            at.pop(event["data"]["visitor_id"], None)
    assert redis.hgetall(f"{key}:places") == {v: s.replace(".", "%2E") for v, s in at.items()}
    for step in ("cart", "pay.now", "done"):
        name = f"{key}:active:{step.replace('.', '%2E')}"
        assert set(redis.zrange(name, 0, -1)) == {v for v, s in at.items() if s == step}
    values = [json.loads(one)["value_cents"] for one in redis.zrange(f"{key}:conversions", 0, -1)]
    assert sorted(values) == sorted(
        e["data"]["value_cents"] for e in own if e["event_type"] == "conversion"
    )
    buying = set()
    for event in bustle.events:
        if event["data"].get("event_id") == "gala":
            if event["event_type"] == "checkout_start":
                buying.add(event["data"]["visitor_id"])
            elif event["event_type"] == "purchase":
                buying.discard(event["data"]["visitor_id"])
    name = f"analytics:event:{world.name}:gala:active:checkout"
    assert set(redis.zrange(name, 0, -1)) == buying
    for name in redis.scan_iter("analytics:*"):
        assert 0 < redis.pttl(name) <= 30 * 60_000, name


def test_redis_is_killed_and_restarts_empty(here: World, redis: Any, server: Redis) -> None:
    bustle = Bustle(here)
    member = start(here)
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    wait_until_right(redis, here)
    server.kill()
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    until(lambda: not is_up(member), "the metric shows that Redis is away")
    server.start()
    wait_until_right(redis, here)
    until(lambda: is_up(member), "the metric shows that Redis is back")
    wait_until_sets_are_right(here, redis, bustle)
    assert len(member.events("live projection paused")) == 1
    member.end()
    checks.assert_recounted_equal(here, GROUP)


def test_redis_is_emptied_while_no_events_come(here: World, redis: Any) -> None:
    """The owner of partition 0 restores the documents that no event touches."""
    bustle = Bustle(here)
    members = [start(here), start(here)]
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    wait_until_right(redis, here)
    redis.flushall()
    wait_until_right(redis, here)
    until(lambda: redis.zcard(SPRING.format(here.name)) == 50, "members wrote their recent events")
    for member in members:
        member.end()


def test_another_member_takes_over_refreshing_todays_documents(here: World, redis: Any) -> None:
    bustle = Bustle(here)
    members = [start(here), start(here)]
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    wait_until_right(redis, here)
    for member in members:
        member.wait_for("partition started")
    successor, owner = sorted(
        members, key=lambda one: one.metric("daybook_live_refreshed_timestamp_seconds")
    )
    owner.kill()
    redis.flushall()
    wait_until_right(redis, here)
    successor.end()


def test_redis_is_frozen_and_counting_continues(here: World, redis: Any, server: Redis) -> None:
    bustle = Bustle(here)
    member = start(here)
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP, seconds=30)
    until(lambda: not is_up(member), "the metric shows that Redis is away")
    assert len(member.events("waiting for a server")) == 0
    assert time.monotonic() - began < 30
    os.kill(pid, signal.SIGCONT)
    wait_until_right(redis, here)
    member.end()
    checks.assert_recounted_equal(here, GROUP)


def test_a_former_owner_does_not_restore_old_totals(here: World, redis: Any) -> None:
    """It is frozen between reading totals and writing them, and wakes up after more was counted."""
    bustle = Bustle(here)
    zombie = start(here, failpoint="before_live:1:STOP")
    bustle.publish(EVENTS)
    until(lambda: documents(here), "something is counted")
    until(lambda: is_stopped(zombie), "it is frozen")
    successor = start(here)
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    wait_until_right(redis, here)
    successor.end()
    right = hashes(redis, here)
    zombie.thaw()
    until(lambda: refused(zombie) > 0, "its old totals were refused")
    assert hashes(redis, here) == right
    zombie.kill()


def is_stopped(member: MemberProcess) -> bool:
    stat = Path(f"/proc/{member.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def refused(member: MemberProcess) -> float:
    _, text = member.get("/metrics")
    lines = [x for x in text.splitlines() if x.startswith("daybook_live_writes_total{")]
    return sum(float(x.rpartition(" ")[2]) for x in lines if 'status="refused"' in x)


def test_old_events_are_counted_but_not_shown_live(here: World, redis: Any) -> None:
    bustle = Bustle(here)
    member = start(here)
    bustle.publish(EVENTS, ago=timedelta(days=3), funnel="history")
    bustle.publish(EVENTS, ago=timedelta(hours=2), funnel="this-morning")
    bustle.publish(EVENTS)
    here.wait_for_commits(GROUP)
    wait_until_right(redis, here)
    funnels = here.documents["analytics_funnel"]
    assert funnels.count_documents({"funnel_id": "history"}) == 1
    assert not list(redis.scan_iter(f"analytics:funnel:{here.name}:history*"))
    this_morning = f"analytics:funnel:{here.name}:this-morning"
    assert list(redis.scan_iter(f"{this_morning}*")) == [f"{this_morning}:live"]
    member.end()
