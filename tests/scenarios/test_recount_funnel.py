"""Measures of visitors can be recounted too: while members count, and after damage or loss."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from daybook.engine.documents.sketches import add_keys, estimate_union
from daybook.engine.kafka import clients
from daybook.recount import session
from daybook.recount.days import Days
from daybook.recount.fleet import Documents
from daybook.recount.groups import Group, find
from daybook.recount.rebuild import Rebuilt, rebuild_group
from daybook.recount.verify import verify_group
from tests.scenarios.scenario import SMALL_BATCHES
from tests.support import checks
from tests.support.storefront import Storefront
from tests.support.wait import until
from tests.support.world import World

EVENTS = 6_000


@pytest.fixture
def shop(world: World) -> Storefront:
    """A storefront in a world with empty topics."""
    shop = Storefront(world, EVENTS)
    shop.make_topics()
    return shop


def publish(shop: Storefront, events: int) -> None:
    for published in shop.publish(500):
        if published >= events:
            return


def recounted(world: World) -> tuple[Mapping[str, Any], Documents, Group]:
    own, plain = world.group("funnel-step"), find("funnel-step")
    assert plain.definitions
    group = replace(
        plain, name=own.name, topic=own.topics[0], definitions=world.topic(plain.definitions)
    )
    return clients.common(world.settings), world.documents, group


def rebuild(world: World) -> Rebuilt:
    return rebuild_group(*recounted(world), Days())


def test_the_recount_is_equal_at_every_moment_while_members_count(
    world: World, shop: Storefront
) -> None:
    """Documents ahead of the checkpoint are recounted up to their own watermarks."""
    members = [world.member("funnel-step", **SMALL_BATCHES) for _ in range(2)]
    days = world.documents["analytics_funnel_step"]
    for _ in shop.publish(EVENTS // 4):
        until(lambda: days.find_one() is not None, "something is counted")
        checks.assert_recounted_equal(world, "funnel-step")
    members.pop().kill()
    checks.assert_recounted_equal(world, "funnel-step")
    world.wait_for_commits("funnel-step")
    for member in members:
        member.end()
    checks.assert_recounted_equal(world, "funnel-step")


def test_documents_of_a_member_that_died_between_writes_can_be_recounted(
    world: World, shop: Storefront
) -> None:
    publish(shop, EVENTS)
    for place in ("before_write:3", "before_state:4", "before_checkpoint:2", "before_commit:3"):
        member = world.member("funnel-step", failpoint=place, **SMALL_BATCHES)
        member.wait(60)
        checks.assert_recounted_equal(world, "funnel-step")
    world.catch_up("funnel-step")
    checks.assert_recounted_equal(world, "funnel-step")


DAMAGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a counter": ("analytics_funnel", {}, {"$inc": {"sessions": 1}}),
    "a source": ("analytics_funnel", {}, {"$inc": {"sources.direct.visitors": 4}}),
    "a source's money": (
        "analytics_funnel",
        {"currencies.EUR.sources": {"$ne": {}}},
        {"$inc": {"currencies.EUR.sources.nobody.value_cents": 7}},
    ),
    "a source's money at the top": (
        "analytics_funnel",
        {},
        {"$set": {"sources.direct.value_cents": 7}},
    ),
    "reasons of an outcome": (
        "analytics_funnel_step",
        {},
        {"$inc": {"reasons_by_outcome.bounce.whim": 2}},
    ),
    "a histogram that is gone": ("analytics_funnel_step", {}, {"$unset": {"time_histogram": ""}}),
    "squares": (
        "analytics_experiment",
        {"currencies.EUR": {"$exists": True}},
        {"$inc": {"currencies.EUR.value_cents_squared": 5}},
    ),
    "tickets": ("analytics_event_metrics", {}, {"$inc": {"hours.10.tickets_sold": 5}}),
    "a name": ("analytics_event_metrics", {}, {"$set": {"event_id": "another"}}),
    "a session's path": ("funnel_sessions", {}, {"$push": {"path": "nowhere"}}),
    "a session's worth": (
        "funnel_sessions",
        {"conversions.value_cents": {"$gt": 0}},
        {"$inc": {"conversions.0.value_cents": 1}},
    ),
    "an event of a session": ("funnel_sessions", {}, {"$pop": {"events": 1}}),
    "a visitor's sessions": (
        "visitor_state",
        {"sessions.0.events.1": {"$exists": True}},
        {"$pop": {"sessions.0.events": 1}},
    ),
    "a visitor's first day": (
        "visitor_state",
        {"first_day": {"$ne": None}},
        {"$set": {"first_day": "2020-01-01"}},
    ),
    "a visitor's pins": ("visitor_state", {"pins": {"$gt": {}}}, {"$set": {"pins": {}}}),
    "an event that may come again": ("visitor_state", {}, {"$pop": {"event_ids": 1}}),
    "who a visitor is": ("visitor_state", {"users": {"$gt": 0}}, {"$set": {"user_id": "another"}}),
    "a user of a day": ("funnel_users", {}, {"$set": {"user_id": "another"}}),
    "a visitor's conversion": (
        "experiment_visitors",
        {"events.value_cents": {"$gt": 0}},
        {"$pop": {"events": 1}},
    ),
    "an e-mail": ("order_emails", {}, {"$set": {"emails.0.event_type": "another"}}),
    "a ticket": ("visitor_state", {"admitted": True}, {"$set": {"admitted": False}}),
}


def test_damage_is_named_and_repaired_while_the_group_runs(world: World, shop: Storefront) -> None:
    publish(shop, EVENTS // 2)
    world.catch_up("funnel-step")
    checks.assert_recounted_equal(world, "funnel-step")
    damaged: set[tuple[str, str]] = set()
    for collection, where, damage in DAMAGES.values():
        days = world.documents[collection]
        chosen = {"_id": {"$nin": [name for _, name in damaged]}} | where
        found = days.find_one_and_update(chosen, damage)
        assert found is not None, damage
        damaged.add((collection, found["_id"]))
    for collection in ("analytics_funnel", "funnel_sessions", "visitor_state"):
        lost = world.documents[collection].find_one_and_delete(
            {"_id": {"$nin": [name for _, name in damaged]}}
        )
        assert lost is not None
        damaged.add((collection, lost["_id"]))
    world.documents["funnel_sessions"].insert_one({"_id": "o:v:s:f", "session_id": "nobody's"})
    damaged.add(("funnel_sessions", "o:v:s:f"))
    report = checks.recounted(world, "funnel-step")
    assert {(d.collection, d.document) for d in report.differences} == damaged
    member = world.member("funnel-step", **SMALL_BATCHES)
    publish(shop, EVENTS)
    rebuilt = rebuild(world)
    assert rebuilt.exit_code == 0, rebuilt.as_json()
    assert damaged <= {(c.collection, c.document) for c in rebuilt.changes}
    world.wait_for_commits("funnel-step")
    member.end()
    checks.assert_recounted_equal(world, "funnel-step")


def test_parts_that_other_processes_read_and_compare_give_the_same(
    world: World, shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "number_of_parts", lambda messages: 5)
    publish(shop, EVENTS)
    world.catch_up("funnel-step")
    rebuild(world)
    found = verify_group(*recounted(world))
    assert (found.exit_code, found.states_equal) == (0, found.states)
    assert found.states == sum(
        world.documents[name].count_documents({})
        for name in (
            "visitor_state",
            "funnel_sessions",
            "funnel_users",
            "experiment_visitors",
            "order_emails",
        )
    )
    for name in ("a session's path", "a visitor's first day", "an event that may come again"):
        collection, where, update = DAMAGES[name]
        assert world.documents[collection].update_one(where, update).modified_count == 1
    damaged = verify_group(*recounted(world))
    fields = {(one.collection, one.field) for one in damaged.differences}
    assert fields <= {
        ("funnel_sessions", "path"),
        ("visitor_state", "first_day"),
        ("visitor_state", "event_ids"),
    }
    assert damaged.states - damaged.states_equal in (2, 3)
    rebuild(world)
    assert verify_group(*recounted(world)).exit_code == 0


def test_sketches_are_recounted_and_repaired(world: World, shop: Storefront) -> None:
    publish(shop, EVENTS // 4)
    world.catch_up("funnel-step")
    whole = checks.recounted(world, "funnel-step")
    assert (whole.exit_code, whole.sketches_equal) == (0, whole.sketches)
    sketches = world.documents["analytics_uniques"]
    of_one_partition = {"partition": 0, "estimate": {"$gt": 3}}
    lacking, alien, lost, wrong_estimate = sketches.find(of_one_partition, limit=4).sort("_id")
    for one, sketch in (
        (lacking, add_keys(None, ["somebody"])),
        (alien, add_keys(alien["sketch"], ["somebody"])),
    ):
        more = {"sketch": sketch, "estimate": estimate_union([sketch or b""]).estimate}
        sketches.update_one({"_id": one["_id"]}, {"$set": more})
    sketches.delete_one({"_id": lost["_id"]})
    sketches.update_one({"_id": wrong_estimate["_id"]}, {"$inc": {"estimate": 1}})
    report = checks.recounted(world, "funnel-step")
    assert report.sketches_equal == whole.sketches - 4
    assert {(d.document, d.field) for d in report.differences} == {
        *((one["_id"].rsplit(":", 2)[0], "sketch") for one in (lacking, alien, lost)),
        (wrong_estimate["_id"], "estimate"),
    }
    rebuilt = rebuild(world)
    assert {c.document for c in rebuilt.changes} >= {
        one["_id"] for one in (lacking, alien, lost, wrong_estimate)
    }
    checks.assert_recounted_equal(world, "funnel-step")


def test_sketches_added_later_are_filled(world: World, shop: Storefront) -> None:
    publish(shop, EVENTS // 4)
    world.catch_up("funnel-step")
    group = {"_id": f"group:{world.group('funnel-step').name}"}
    world.documents["_daybook"].update_one(group, {"$unset": {"models.analytics_uniques": ""}})
    world.documents["analytics_uniques"].delete_many({"period": {"$lt": "2026-01-09"}})
    report = checks.recounted(world, "funnel-step")
    assert (report.exit_code, report.differences) == (3, [])
    assert {doubt.collection for doubt in report.doubts} == {"analytics_uniques"}
    assert rebuild(world).exit_code == 0
    checks.assert_recounted_equal(world, "funnel-step")
