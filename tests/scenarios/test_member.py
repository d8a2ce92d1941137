"""How a member stops, and what it reports about itself."""

import re
import signal
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from daybook.engine.operations.status import group_statuses
from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from daybook.query.read.freshness import as_of
from tests.support import checks
from tests.support.shop import Shop
from tests.support.wait import until
from tests.support.world import World


def test_a_member_drains_and_commits_on_sigterm(world: World) -> None:
    world.make_topic()
    member = world.member("revenue", DAYBOOK_LINGER_MS="60000")
    member.wait_for("partition started", times=4)
    messages = Shop().messages(400)
    world.publish(messages)
    until(lambda: member.metric("daybook_buffered_messages") == len(messages), "all are fetched")
    member.end()
    assert member.counted("received") == len(messages)
    checks.assert_no_lag(world, "revenue")


def test_a_member_that_is_caught_up_holds_no_messages(world: World) -> None:
    """At its start it reads one window length again, but keeps only the event ids."""
    world.make_topic()
    messages = Shop().messages(2_000)
    world.publish(messages)
    world.catch_up("revenue")
    member = world.member("revenue", DAYBOOK_BATCH_MESSAGES_MAX="500")
    member.wait_for("partition started", times=4)
    world.publish(messages[-100:])
    world.wait_for_commits("revenue")
    until(lambda: member.metric("daybook_buffered_messages") == 0, "its buffer is empty")
    member.end()
    assert member.counted("duplicate") == 100


def test_a_batch_has_at_most_the_configured_number_of_messages(world: World) -> None:
    world.make_topic(partitions=1)
    world.publish(Shop().messages(3_000))
    member = world.member("order-funnel", DAYBOOK_BATCH_MESSAGES_MAX="500")
    world.wait_for_commits("order-funnel")
    _, metrics = member.get("/metrics")
    batches = dict(
        re.findall(r'^daybook_batch_messages_bucket\{.*le="(.+)"\} (.+)$', metrics, re.M)
    )
    assert float(batches["+Inf"]) >= 6
    assert batches["500.0"] == batches["+Inf"]
    member.end()


def test_the_newest_event_comes_from_the_last_member_that_stopped(world: World) -> None:
    """And not from a member that was killed before, whose heartbeat is outdated."""
    world.make_topic()
    shop = Shop()
    world.publish(shop.messages(300))
    killed = world.member("revenue")
    world.wait_for_commits("revenue")
    killed.kill()
    world.publish(shop.messages(300))
    last = world.member("revenue")
    world.wait_for_commits("revenue")
    last.end()
    freshness = as_of(world.documents["_daybook_members"].find(), [], ZoneInfo("UTC"))
    newest = max(datetime.fromisoformat(event["occurred_at"]) for event in shop.events)
    assert freshness["lag_messages"] == 0
    assert freshness["newest_event_at"] is not None
    assert datetime.fromisoformat(freshness["newest_event_at"]) == newest
    now = datetime.now(UTC)
    (status,) = group_statuses([world.group("revenue")], world.documents, world.admin, now)
    assert status.members <= 1, "a member that stopped is counted because of a recent heartbeat"


def test_a_second_sigterm_quits_at_once(servers: dict[str, str], tmp_path: Path) -> None:
    """After the first one, the member waits for MongoDB, which is unavailable."""
    mongodb = MongoDB(tmp_path / "mongodb", free_ports(1)[0])
    mongodb.start()
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        world.make_topic()
        member = world.member("revenue", DAYBOOK_SHUTDOWN_GRACE_MS="600000")
        member.wait_for("partition started", times=4)
        mongodb.kill()
        world.publish(Shop().messages(400))
        member.wait_for("waiting for a server")
        member.terminate()
        member.wait_for("stopping")
        member.terminate()
        assert member.wait(5) == 128 + signal.SIGTERM
        mongodb.start()
        world.catch_up("revenue")
        checks.assert_no_lag(world, "revenue")
    mongodb.wipe()


def test_a_member_serves_health_and_metrics(world: World) -> None:
    world.make_topic()
    world.publish(Shop().messages(300))
    member = world.member("revenue")
    world.wait_for_commits("revenue")

    assert member.get("/live") == (200, "ok\n")
    assert member.get("/ready") == (200, "ok\n")
    assert member.get("/nothing")[0] == 404
    status, metrics = member.get("/metrics")
    assert status == 200
    for name in ("messages_processed_total", "offset_commits_total", "lag_messages", "build_info"):
        assert f"daybook_{name}" in metrics
    member.end()
