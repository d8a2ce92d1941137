"""Any number can be recounted: damage is found, and repaired while the group runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daybook.engine.documents.fields import DailyDocument, count
from daybook.engine.kafka import clients
from daybook.engine.member.run import run
from daybook.recount.days import Days
from daybook.recount.groups import find
from daybook.recount.rebuild import Rebuilt, rebuild_group
from daybook.recount.replay import tables
from daybook.recount.replay.rules import Rules
from daybook.recount.verify import verify_group
from models.order_funnel import OrderFunnelDay
from schemas.order import OrderCancelled, OrderCreated
from tests.scenarios.scenario import SMALL_BATCHES
from tests.support import checks
from tests.support.shop import Shop
from tests.support.world import World

ALL = Days()


@pytest.fixture
def counted(world: World) -> World:
    """A world whose revenue group has counted 2,000 messages."""
    world.make_topic()
    world.publish(Shop().messages(2_000))
    world.catch_up("revenue")
    return world


def rebuild(world: World, short: str, days: Days = ALL) -> Rebuilt:
    own = world.group(short)
    group = replace(find(short), name=own.name, topic=own.topics[0])
    return rebuild_group(clients.common(world.settings), world.documents, group, days)


def differences(world: World, short: str = "revenue") -> list[tuple[str, str]]:
    report = checks.recounted(world, short)
    assert report.exit_code == bool(report.differences)
    return [(d.document, d.field) for d in report.differences]


DAMAGES: dict[str, dict[str, Any]] = {
    "a counter": {"$inc": {"paid_orders": 1}},
    "an hour": {"$inc": {"hours.07.refunded_orders": 3}},
    "a split": {"$inc": {"currencies.EUR.revenue_by_community.community-1": -5}},
    "an average": {"$set": {"currencies.EUR.average_order_value_cents": 1}},
    "a field that is gone": {"$unset": {"refunded_orders": ""}},
    "a field that nobody knows": {"$set": {"bonus": 7}},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_named_and_repaired_while_the_group_runs(
    counted: World, damage: dict[str, Any]
) -> None:
    days = counted.documents["analytics_revenue"]
    day = days.find_one({}, sort=[("_id", 1)])
    assert day is not None
    days.update_one({"_id": day["_id"]}, damage)
    assert day["_id"] in {document for document, _ in differences(counted)}
    member = counted.member("revenue", **SMALL_BATCHES)
    counted.publish(Shop(seed=2).messages(2_000))
    assert rebuild(counted, "revenue").exit_code == 0
    counted.wait_for_commits("revenue")
    member.end()
    checks.assert_recounted_equal(counted, "revenue")


def test_a_number_stored_as_a_string_stops_the_group_until_repaired(counted: World) -> None:
    days = counted.documents["analytics_revenue"]
    days.update_many({}, {"$set": {"duplicate_payments": "none"}})
    counted.publish(Shop(seed=2).messages(500))
    member = counted.member("revenue")
    assert member.wait(60) == 1
    (failed,) = member.events("member failed")
    assert "daybook rebuild" in failed["why"]
    assert rebuild(counted, "revenue").exit_code == 0
    counted.catch_up("revenue")
    checks.assert_recounted_equal(counted, "revenue")


def test_lost_documents_are_found_and_restored_while_the_group_runs(counted: World) -> None:
    lost = counted.documents["analytics_revenue"].find_one_and_delete({}, sort=[("_id", 1)])
    order = counted.documents["order_state"].find_one_and_delete({"payment": {"$ne": None}})
    assert lost is not None
    assert order is not None
    found = {document for document, _ in differences(counted)}
    assert {lost["_id"], order["_id"]} <= found
    member = counted.member("revenue", **SMALL_BATCHES)
    counted.publish(Shop(seed=2).messages(2_000))
    assert rebuild(counted, "revenue").exit_code == 0
    counted.wait_for_commits("revenue")
    member.end()
    checks.assert_recounted_equal(counted, "revenue")


def test_a_documents_lost_tail_is_found(counted: World) -> None:
    """A document restored from before its last batch, so that its fields fit each other."""
    days = counted.documents["analytics_revenue"]
    before = days.find_one({}, sort=[("_id", 1)])
    assert before is not None
    counted.publish(Shop(seed=2).messages(500))
    counted.catch_up("revenue")
    days.replace_one({"_id": before["_id"]}, before)
    assert (before["_id"], "paid_orders") in differences(counted)


def test_without_its_log_a_group_is_never_equal(counted: World) -> None:
    counted.delete_topic()
    counted.make_topic()
    assert checks.recounted(counted, "revenue").exit_code == 3


def test_a_group_that_never_ran_is_not_equal(counted: World) -> None:
    """Although the log has its events, and another group has counted them."""
    report = checks.recounted(counted, "order-funnel")
    assert report.exit_code == 3
    assert "no member of" in report.doubts[0].reason


class FunnelBefore(DailyDocument, collection="analytics_order_funnel"):
    """The model before cancellations were added."""

    orders_created: int = count(OrderCreated)


class FunnelAfter(DailyDocument, collection="analytics_order_funnel"):
    orders_created: int = count(OrderCreated)
    orders_cancelled: int = count(OrderCancelled, since=2)


def test_a_log_that_is_too_large_for_the_memory_cannot_be_recounted(
    counted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_LEAST_MIB", 4)
    monkeypatch.setattr(tables, "_OTHERS_MIB", tables.MEMORY_MIB - 4)
    report = checks.recounted(counted, "revenue")
    assert report.exit_code == 3
    assert "DAYBOOK_RECOUNT_MEMORY_MIB" in report.doubts[0].reason
    assert rebuild(counted, "revenue").exit_code == 3


def test_a_counter_that_is_added_later_is_backfilled(world: World, tmp_path: Path) -> None:
    """Until then it is "not backfilled", which is neither equal nor wrong."""
    world.make_topic()
    group = world.group("order-funnel")
    shop = Shop()
    rules = tmp_path / "order-funnel.sql"
    rules.write_text(later_rules(find("order-funnel").rules.files[0].read_text()))
    recount = replace(
        find("order-funnel"), name=group.name, topic=group.topics[0], rules=Rules((rules,))
    )

    def count_as(model: type[DailyDocument]) -> None:
        world.publish(shop.messages(1_000))
        own = replace(group, documents=(model,))
        run(own, world.settings, until_caught_up=True, started=lambda member: None)

    def verdict() -> int:
        return verify_group(clients.common(world.settings), world.documents, recount).exit_code

    count_as(FunnelBefore)
    count_as(FunnelAfter)
    assert verdict() == 3
    rebuilt = rebuild_group(clients.common(world.settings), world.documents, recount, ALL)
    assert rebuilt.exit_code == 0
    assert verdict() == 0
    count_as(FunnelAfter)
    assert verdict() == 0
    cancelled = [event for event in shop.events if event["event_type"] == "order.cancelled"]
    days = world.documents[OrderFunnelDay.collection].find()
    assert sum(day["orders_cancelled"] for day in days) == len(cancelled)


def later_rules(sql: str) -> str:
    """The recount's SQL for two counters, one of them added by the model's second version."""
    head, _, rest = sql.partition("FROM (VALUES\n")
    _, _, tail = rest.partition("\n) AS field")
    name = "'analytics_order_funnel'"
    fields = (
        f"({name}, 'orders_created', 'counter', NULL, NULL, 1),\n"
        f"({name}, 'orders_cancelled', 'counter', NULL, NULL, 2)"
    )
    for stage in ("initiated", "succeeded", "failed"):
        tail = tail.replace(f"THEN 'payments_{stage}'", "THEN NULL")
    for stage in ("confirmed", "shipped", "delivered"):
        tail = tail.replace(f"THEN 'orders_{stage}'", "THEN NULL")
    return f"{head}FROM (VALUES\n{fields}\n) AS field{tail}"
