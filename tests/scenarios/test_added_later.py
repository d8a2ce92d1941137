"""A collection is added to a group that has counted before: nothing else changes, the recount
reports it as not backfilled, and a rebuild fills it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from daybook.engine.documents.state import StateModel
from daybook.engine.group import Group
from daybook.engine.member.run import run
from models.event_revenue import EventRevenueDay
from models.funnel_revenue import FunnelRevenueDay
from models.order import Orders
from models.order_state import OrderState
from models.revenue import RevenueDay
from tests.scenarios.scenario import SMALL_BATCHES
from tests.scenarios.test_recount import rebuild
from tests.support import checks
from tests.support.shop import Shop
from tests.support.world import World


def older_order(order_id: str) -> dict[str, Any]:
    """A state as stored before orders had funnels."""
    fields = OrderState.new(order_id).items()
    return {name: value for name, value in fields if name not in OrderState.since}


def older_group(world: World) -> Group:
    """The group with its older models; it does not count for funnels."""
    return replace(
        world.group("revenue"),
        documents=(RevenueDay,),
        state=StateModel(OrderState.collection, older_order),
    )


def revenue_days(world: World) -> dict[str, dict[str, Any]]:
    return {day["_id"]: day for day in world.documents[RevenueDay.collection].find()}


class Later:
    """A world counted first by the older group, then by current members."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop = Shop()
        world.make_topic()
        messages = self.shop.messages(3_000)
        world.publish(messages[:1_500])
        run(older_group(world), world.settings, until_caught_up=True, started=lambda _: None)
        world.publish(messages[1_500:])
        world.catch_up("revenue")

    def verified(self) -> tuple[int, set[str | None]]:
        """The exit code of verify, and the collections that it has doubts about."""
        report = checks.recounted(self.world, "revenue")
        assert not report.differences
        assert all("not backfilled" in doubt.reason for doubt in report.doubts)
        return report.exit_code, {doubt.collection for doubt in report.doubts}


@pytest.fixture
def later(world: World) -> Iterator[Later]:
    yield Later(world)


def test_a_new_collection_is_not_backfilled_until_a_rebuild(later: Later) -> None:
    before = revenue_days(later.world)
    without_funnel = later.world.documents["order_state"].count_documents(
        {"funnel": {"$exists": False}}
    )
    assert without_funnel
    models = FunnelRevenueDay, EventRevenueDay, OrderState, Orders
    added = {model.collection for model in models}
    assert later.verified() == (3, added)
    assert rebuild(later.world, "revenue").exit_code == 0
    assert later.verified() == (0, set())
    assert revenue_days(later.world) == before
    checks.assert_counted(later.world, "revenue", later.shop.events)


def test_older_orders_count_again_after_a_rebuild(later: Later) -> None:
    rebuild(later.world, "revenue")
    later.world.publish(later.shop.messages(1_000))
    later.world.catch_up("revenue")
    checks.assert_recounted_equal(later.world, "revenue")
    checks.assert_counted(later.world, "revenue", later.shop.events)


def test_members_continue_counting_during_a_rebuild(later: Later) -> None:
    member = later.world.member("revenue", **SMALL_BATCHES)
    later.world.publish(later.shop.messages(3_000))
    assert rebuild(later.world, "revenue").exit_code == 0
    later.world.wait_for_commits("revenue")
    member.end()
    checks.assert_recounted_equal(later.world, "revenue")
    checks.assert_counted(later.world, "revenue", later.shop.events)


def test_a_wrong_product_name_is_found_and_repaired(later: Later) -> None:
    rebuild(later.world, "revenue")
    days = later.world.documents[FunnelRevenueDay.collection]
    day = days.find_one({"products": {"$ne": {}}})
    assert day is not None
    product = next(key for key in day["products"] if key != "unattributed")
    path = f"products.{product}.name"
    for wrong in ("zzz", "A", None, 5):
        days.update_one({"_id": day["_id"]}, {"$set": {path: wrong}})
        report = checks.recounted(later.world, "revenue")
        assert [(d.document, d.field) for d in report.differences] == [(day["_id"], path)]
        rebuild(later.world, "revenue")
        assert (days.find_one({"_id": day["_id"]}) or {})["products"] == day["products"]


def test_a_wrong_row_of_an_order_is_found_and_repaired(later: Later) -> None:
    rebuild(later.world, "revenue")
    rows = later.world.documents[Orders.collection]
    row = rows.find_one({"refunded_cents": {"$gt": 0}})
    assert row is not None
    for field, wrong in (("refunded_cents", 0), ("visitor_id", "another"), ("currency", None)):
        rows.update_one({"_id": row["_id"]}, {"$set": {field: wrong}})
        report = checks.recounted(later.world, "revenue")
        assert [(d.document, d.field) for d in report.differences] == [(row["_id"], field)]
        rebuild(later.world, "revenue")
        assert (rows.find_one({"_id": row["_id"]}) or {})[field] == row[field]
