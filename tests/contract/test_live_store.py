"""Live numbers are replaced by newer ones only; with a real Redis."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis import Redis

from daybook.engine.documents.live import Totals
from daybook.engine.live.outbox import Outbox
from daybook.engine.live.store import GATE_MS, TOTALS_MS, LiveStore
from daybook.engine.settings import Settings
from tests.support.wait import until

HOUR_MS = 3_600_000
GROUP = "contract"


@pytest.fixture
def redis(servers: dict[str, str]) -> Iterator[Any]:
    with Redis.from_url(servers["DAYBOOK_REDIS_URL"], decode_responses=True) as client:
        yield client


@pytest.fixture
def stores(servers: dict[str, str]) -> Iterator[list[LiveStore]]:
    """The stores of two members, on one Redis."""
    settings = Settings.model_validate({"redis_url": servers["DAYBOOK_REDIS_URL"]})
    both = [LiveStore(settings, GROUP), LiveStore(settings, GROUP)]
    yield both
    for store in both:
        store.close()


@pytest.fixture
def key() -> str:
    return f"test:{uuid.uuid4().hex}"


def now_ms() -> int:
    return int(time.time() * 1000)


def totals(key: str, revision: int, date: str = "2026-11-20", **fields: int) -> Totals:
    return Totals(key, date, revision, {"views": revision, **fields}, f"{key}:all", f"{key}:own")


def overwrite(store: LiveStore, *written: Totals, left_ms: int = HOUR_MS) -> list[Totals]:
    return store.overwrite(written, now_ms() + left_ms)


def test_an_older_revision_is_refused(redis: Any, stores: list[LiveStore], key: str) -> None:
    """Such as what a former owner read before it was frozen."""
    one, other = stores
    newest = 1_790_000_000_123
    assert overwrite(one, totals(key, newest)) == [totals(key, newest)]
    assert overwrite(other, totals(key, newest - 1)) == []
    assert redis.hgetall(key) == {
        "date": "2026-11-20",
        "revision": str(newest),
        "views": str(newest),
    }
    assert overwrite(other, totals(key, newest + 1)) == [totals(key, newest + 1)]


def test_a_later_day_wins_over_any_revision(redis: Any, stores: list[LiveStore], key: str) -> None:
    """Yesterday's document neither refuses nor replaces today's, however often it was written."""
    overwrite(stores[0], totals(key, 900))
    assert overwrite(stores[0], totals(key, 5, "2026-11-21"))
    assert not overwrite(stores[0], totals(key, 901))
    assert redis.hget(key, "date") == "2026-11-21"


def test_the_same_revision_changes_nothing(redis: Any, stores: list[LiveStore], key: str) -> None:
    overwrite(stores[0], totals(key, 7))
    before = redis.hgetall(key)
    redis.pexpire(key, 60_000)
    assert overwrite(stores[1], totals(key, 7)) == []
    assert redis.hgetall(key) == before
    assert redis.pttl(key) > 60_000


def test_fields_that_are_missing_are_removed(redis: Any, stores: list[LiveStore], key: str) -> None:
    overwrite(stores[0], totals(key, 1, value_cents=300))
    overwrite(stores[0], totals(key, 2))
    assert not redis.hexists(key, "value_cents")


def test_a_hash_expires_after_half_an_hour_or_with_its_day(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    overwrite(stores[0], totals(key, 1))
    assert TOTALS_MS - 60_000 < redis.pttl(key) <= TOTALS_MS
    overwrite(stores[0], totals(key, 2), left_ms=60_000)
    assert 0 < redis.pttl(key) <= 60_000
    assert overwrite(stores[0], totals(key, 3), left_ms=-1) == []
    assert redis.hget(key, "revision") == "2"


def test_a_damaged_hash_is_replaced(redis: Any, stores: list[LiveStore], key: str) -> None:
    redis.hset(key, mapping={"date": "2026-11-20", "revision": "soon", "stray": "1"})
    assert overwrite(stores[0], totals(key, 1))
    assert not redis.hexists(key, "stray")


def test_a_foreign_key_affects_no_other(redis: Any, stores: list[LiveStore], key: str) -> None:
    redis.set(key, "mine")
    more = [totals(f"{key}:{n}", 1) for n in range(3)]
    failed = {"group": GROUP, "status": "failed"}
    before = REGISTRY.get_sample_value("daybook_live_writes_total", failed) or 0
    assert overwrite(stores[0], totals(key, 1), *more) == more
    assert redis.get(key) == "mine"
    assert REGISTRY.get_sample_value("daybook_live_writes_total", failed) == before + 1


def test_scripts_are_sent_again_after_a_flush(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    overwrite(stores[0], totals(key, 1))
    redis.script_flush()
    assert overwrite(stores[0], totals(key, 2))


def test_the_last_fifty_are_kept_despite_repetition(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    now = now_ms()
    of = key, HOUR_MS, 50
    every = {f"event {n:03}": now - 1_000 + n for n in range(120)}
    stores[0].enter({of: every})
    newest = redis.zrange(key, 0, -1, withscores=True)
    assert [member for member, _ in newest] == [f"event {n:03}" for n in range(70, 120)]
    stores[1].enter({of: dict(list(every.items())[:90])})
    stores[1].enter({of: every})
    assert redis.zrange(key, 0, -1, withscores=True) == newest
    assert 0 < redis.pttl(key) <= HOUR_MS


def test_members_outside_the_window_are_removed(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    of = key, 60_000, 0
    stores[0].enter({of: {"late": now_ms() - 59_000, "too late": now_ms() - 61_000}})
    assert redis.zrange(key, 0, -1) == ["late"]


def presence(redis: Any, key: str) -> dict[str, list[str]]:
    """Everyone who is present, and who is at which place."""
    places = {name: redis.zrange(f"{key}:{name}", 0, -1) for name in "ab"}
    return {"all": redis.zrange(key, 0, -1)} | {name: who for name, who in places.items() if who}


def test_everybody_is_at_one_place(redis: Any, stores: list[LiveStore], key: str) -> None:
    of, now = (key, f"{key}:places", HOUR_MS), now_ms()
    one, other = stores
    one.move({of: {"eve": (now - 500, "a"), "bob": (now - 400, "a"), "kim": (now - 300, None)}})
    assert presence(redis, key) == {"all": ["eve", "bob", "kim"], "a": ["eve", "bob"]}
    other.move({of: {"eve": (now - 200, "b")}})
    moved = {"all": ["bob", "kim", "eve"], "a": ["bob"], "b": ["eve"]}
    assert presence(redis, key) == moved
    one.move({of: {"eve": (now - 500, "a"), "kim": (now - 300, None)}})
    assert presence(redis, key) == moved, "an older time moves nobody"
    one.move({of: {"eve": (now - 100, None), "bob": (now - 90, "")}})
    assert presence(redis, key) == {"all": ["kim", "eve", "bob"], "b": ["eve"]}
    assert redis.zscore(f"{key}:b", "eve") == now - 100
    assert redis.hgetall(f"{key}:places") == {"eve": "b"}
    for name in (key, f"{key}:b", f"{key}:places"):
        assert 0 < redis.pttl(name) <= HOUR_MS


def test_people_outside_the_window_are_removed_from_every_place(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    places, now = f"{key}:places", now_ms()
    stores[0].move({(key, places, HOUR_MS): {"eve": (now - 60_000, "a"), "bob": (now, "a")}})
    stores[0].move({(key, places, 30_000): {"kim": (now, "b"), "old": (now - 60_000, "b")}})
    assert presence(redis, key) == {"all": ["bob", "kim"], "a": ["bob"], "b": ["kim"]}
    assert redis.hgetall(places) == {"bob": "a", "kim": "b"}


class Listener:
    """The messages published on a channel, in order."""

    def __init__(self, redis: Any, channel: str) -> None:
        self._subscription = redis.pubsub(ignore_subscribe_messages=True)
        self._subscription.subscribe(channel)
        until(lambda: channel in redis.pubsub_channels(channel), "it is subscribed")
        self.received: list[Any] = []

    def receive(self) -> list[Any]:
        while message := self._subscription.get_message(timeout=0.01):
            self.received.append(json.loads(message["data"]))
        return self.received

    def close(self) -> None:
        self._subscription.close()


def test_a_channel_gets_at_most_four_messages_a_second_and_the_last_totals(
    redis: Any, stores: list[LiveStore], key: str
) -> None:
    """Two members change two documents as fast as they can."""
    own, together = Listener(redis, f"{key}:own"), Listener(redis, f"{key}:all")
    outboxes = [(store, Outbox()) for store in stores]
    began = time.monotonic()
    revision = 0
    while time.monotonic() - began < 1.5:
        for store, outbox in outboxes:
            revision += 1
            other = totals(f"{key}:2", revision)._replace(channel=None, dashboard=f"{key}:all")
            outbox.add(overwrite(store, totals(key, revision), other))
            outbox.send(store)

    def is_published() -> bool:
        for store, outbox in outboxes:
            outbox.send(store)
        on_dashboard = {
            one["revision"] for message in together.receive() for one in message["totals"]
        }
        return revision in {one["revision"] for one in own.receive()} & on_dashboard

    until(is_published, "the last totals were published")
    seconds = time.monotonic() - began
    for listener in (own, together):
        assert 4 <= len(listener.received) <= seconds * 1000 / GATE_MS + 1
    revisions = [message["revision"] for message in own.received]
    assert revisions == sorted(set(revisions)), "no older totals after newer ones"
    assert own.received[-1] == {"date": "2026-11-20", "revision": revision, "views": revision}
    assert {len(message["totals"]) for message in together.received} <= {1, 2}
    own.close()
    together.close()


def test_outdated_totals_are_not_published(redis: Any, stores: list[LiveStore], key: str) -> None:
    """A member delayed between writing the hash and publishing leaves it to the newer one."""
    own = Listener(redis, f"{key}:own")
    late, ahead = Outbox(), Outbox()
    late.add(overwrite(stores[0], totals(key, 1)))
    ahead.add(overwrite(stores[1], totals(key, 2)))
    late.send(stores[0])
    ahead.send(stores[1])
    until(lambda: own.receive(), "a message is received")
    assert [message["revision"] for message in own.received] == [2]
    own.close()


def test_an_emptied_redis_is_detected_once(redis: Any, stores: list[LiveStore]) -> None:
    assert stores[0].was_emptied()
    assert not stores[0].was_emptied()
    redis.delete(*redis.scan_iter("daybook:live:member:*"))
    assert stores[0].was_emptied()
