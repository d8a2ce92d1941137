"""The recount of segments on real servers: equal after a history, and every damage is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import Any

import pytest

from daybook.engine.kafka import clients
from daybook.recount.days import Days
from daybook.recount.rebuild import Rebuilt, rebuild_group
from daybook.recount.segment.group import SEGMENT, SegmentGroup
from daybook.recount.segment.shards import SHARDS
from daybook.recount.verdict.report import Report
from daybook.recount.verify import verify_group
from tests.support.segments import CARTS, CHANGES, DEFINITIONS, FEED, Audience, ms, text
from tests.support.wait import until
from tests.support.world import World

QUIET = {"not": {"event": "page_view", "within": "PT1H"}}
SPENT = {"revenue": {"currency": "EUR", "at_least": 1_000}, "within": "P30D"}


@pytest.fixture
def audience(world: World) -> Iterator[Audience]:
    yield Audience(world)


def group_of(world: World) -> SegmentGroup:
    own = world.group("segment")
    names = map(world.topic, (DEFINITIONS, FEED, CHANGES))
    return SEGMENT.over(own.name, own.topics, *names)


def verified(world: World) -> Report:
    return verify_group(clients.common(world.settings), world.documents, group_of(world))


def rebuilt(world: World) -> Rebuilt:
    return rebuild_group(clients.common(world.settings), world.documents, group_of(world), Days())


def live(audience: Audience) -> None:
    """Log-ins on two devices, orders and a refund, consent, a deletion, and late events."""
    audience.define()
    audience.define(QUIET, "quiet")
    audience.define(SPENT, "spent")
    for visitor in ("v1", "v2"):
        audience.track("cart_add", "2nd 10:00", visitor)
        audience.track("page_view", "2nd 11:00", visitor, "u1")
    audience.track("page_view", "2nd 11:30", "v1", "u2")
    audience.track("cart_add", "2nd 11:40", "v1")
    audience.track("cart_add", "2nd 10:15", "v3")
    audience.order("created", "2nd 11:59", "o1", "u1")
    audience.order("payment_succeeded", "2nd 12:00", "o1", "u1")
    audience.account("consent_withdrawn", "2nd 12:30", "u2")
    audience.account("created", "2nd 09:00", "u4")
    audience.account("deleted", "2nd 12:45", "u4")
    audience.advance("2nd 14:00")
    audience.track("cart_add", "2nd 13:00", "v5", "u5")
    audience.account("consent_given", "2nd 15:00", "u2")
    audience.track("cart_add", "2nd 16:00", "v1")
    audience.define(CARTS | {"count": {"at_least": 2}}, version=2)
    audience.advance("3rd 10:10")


def assert_equal(world: World) -> None:
    report = verified(world)
    assert report.exit_code == 0, report.as_json()
    assert report.documents > 5 and report.states > 5
    assert (report.documents, report.states) == (report.documents_equal, report.states_equal)


def test_every_damage_is_found_and_healed(audience: Audience) -> None:
    live(audience)
    world = audience.world
    assert_equal(world)
    profiles, rows = world.documents["segment_profiles"], world.documents["segment_members"]
    versions = world.documents["audience_segments"]
    wrong = rows.find_one({"segment_id": "quiet", "person": "v:v3"})
    stays = rows.find_one({"segment_id": "quiet", "person": "u:u5"})
    spent = rows.find_one({"segment_id": "spent"})
    assert wrong and stays and spent
    one, two = "default:u:u1", "default:v:v3"
    # The place where each damage must be found, and the damage.
    damages: list[tuple[tuple[str, str], Any]] = [
        (
            ("segment_members", wrong["_id"]),
            lambda: rows.update_one({"_id": wrong["_id"]}, {"$inc": {"since": 1}}),
        ),
        (
            ("segment_members", stays["_id"]),
            lambda: rows.update_one({"_id": stays["_id"]}, {"$set": {"in": False, "until": 5}}),
        ),
        (("segment_members", spent["_id"]), lambda: rows.delete_one({"_id": spent["_id"]})),
        (
            ("segment_members", "default:spent:1:u:u9"),
            lambda: rows.insert_one(spent | {"_id": "default:spent:1:u:u9", "person": "u:u9"}),
        ),
        (
            ("audience_segments", "default:quiet:1"),
            lambda: versions.update_one({"_id": "default:quiet:1"}, {"$inc": {"members": 50}}),
        ),
        (("segment_profiles", one), lambda: profiles.delete_one({"_id": one})),
        (
            ("segment_profiles", two),
            lambda: profiles.update_one({"_id": two}, {"$unset": {"events.cart_add": ""}}),
        ),
        (
            ("segment_profiles", "default:v:v2"),
            lambda: profiles.update_one({"_id": "default:v:v2"}, {"$set": {"into": None}}),
        ),
    ]
    for _, damage in damages:
        damage()
    found = verified(world)
    assert found.exit_code == 1
    differing = {(d.collection, d.document) for d in found.differences}
    assert differing >= {place for place, _ in damages}, found.as_json()
    healed = rebuilt(world)
    assert (healed.doubts, healed.exit_code) == ([], 0)
    assert {(c.collection, c.document) for c in healed.changes} >= differing
    assert_equal(world)
    told = audience.told()
    audience.advance("3rd 10:12")
    assert_equal(world)
    assert audience.told() == told
    assert ms("3rd 10:12") == audience.clock()


def test_rows_of_an_old_version_are_restored_as_they_were_published(audience: Audience) -> None:
    live(audience)
    rows = audience.world.documents["segment_members"]
    old = rows.find_one({"segment_id": "carts", "version": 1, "in": True})
    assert old
    rows.delete_one({"_id": old["_id"]})
    found = {(d.document, d.field) for d in verified(audience.world).differences}
    assert found == {(old["_id"], "in"), ("default:carts:1", "members")}
    assert rebuilt(audience.world).exit_code == 0
    assert_equal(audience.world)
    restored = rows.find_one({"_id": old["_id"]}) or {}
    names = ("version", "in", "since", "until", "number", "person", "shard", "segment_id")
    assert [restored[name] for name in names] == [old[name] for name in names]


@pytest.mark.parametrize("damage", ["another id", "out of turn"])
def test_a_change_that_nobody_should_have_published_is_found(
    audience: Audience, damage: str
) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 11:00")
    [change] = audience.changes()
    data = change["data"]
    if damage == "out of turn":
        data = data | {"number": 2}
    audience.publish(CHANGES, change["event_type"], "2nd 10:00", data)
    found = verified(audience.world)
    assert found.exit_code == 1
    assert {(d.collection, d.document) for d in found.differences} >= {
        ("segment-changes", "default:u:u1 carts")
    }
    healed = rebuilt(audience.world)
    assert healed.exit_code == 3
    assert "cannot be taken back" in healed.doubts[0].reason
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}


def test_while_members_run_nothing_differs_and_damage_is_healed(audience: Audience) -> None:
    audience.define()
    audience.define(QUIET, "quiet")
    world = audience.world
    # People at rest: who is at work all the time is repaired by the members themselves.
    for user in ("anna", "bert", "cleo"):
        audience.track("cart_add", "2nd 10:00", f"v-{user}", user)
    members = [world.member("segment", f"--clock={text('3rd 12:00')}") for _ in range(2)]
    stop = Event()

    def publish() -> None:
        for number in count():
            if stop.is_set():
                return
            visitor = number % 15
            user = f"u{visitor % 7}" if number % 3 == 0 else None
            audience.track(
                "cart_add", f"2nd {10 + number % 9}:{number % 60:02d}", f"v{visitor}", user
            )
            stop.wait(0.02)

    with ThreadPoolExecutor(1) as threads:
        publishing = threads.submit(publish)
        try:
            finished = {"clock": ms("3rd 12:00")}
            clocks = world.documents["segment_clocks"]
            until(lambda: clocks.count_documents(finished) == SHARDS, "rounds are finished", 120)
            until(lambda: len(audience.members()) > 3, "there are members", 120)
            for _ in range(2):
                report = verified(world)
                assert report.differences == [], report.as_json()
                assert report.states > 3
            rows = world.documents["segment_members"]
            assert rows.delete_one({"segment_id": "quiet", "person": "u:anna"}).deleted_count
            rows.update_one({"segment_id": "quiet", "person": "u:bert"}, {"$inc": {"since": 1}})
            world.documents["segment_profiles"].delete_one({"_id": "default:u:cleo"})
            healed = {change.document for change in rebuilt(world).changes}
            assert healed >= {"default:quiet:1:u:anna", "default:quiet:1:u:bert", "default:u:cleo"}
        finally:
            stop.set()
        publishing.result()
    for member in members:
        member.end()
    audience.advance("3rd 12:00")
    assert rebuilt(world).doubts == []
    assert_equal(world)
