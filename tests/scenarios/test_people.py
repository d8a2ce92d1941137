"""Users whose devices are in different partitions are counted exactly, also those of the past."""

from collections import defaultdict
from typing import ClassVar

import pytest

from models.funnel_user import FunnelUsers
from models.uniques import Uniques
from tests.scenarios.of_visitors import OfVisitors
from tests.scenarios.scenario import SMALL_BATCHES
from tests.scenarios.test_failpoints import KilledAt
from tests.scenarios.test_recount_funnel import rebuild
from tests.support import checks
from tests.support.storefront import Storefront
from tests.support.uniques import Name, assert_sketches, known
from tests.support.world import World

OF_USERS = ("funnel_named", "funnel_users")


def users_by_day(world: World) -> dict[Name, int]:
    """The distinct users of the rows of each funnel and day, named like their sketches."""
    users: dict[Name, set[str]] = defaultdict(set)
    for row in world.documents[FunnelUsers.collection].find():
        day = row["date"].date().isoformat()
        name = row["organization_id"], "funnel_users", row["funnel_id"], None, day
        users[name].add(row["user_id"])
    return {name: len(ids) for name, ids in users.items()}


class UsersInTwoPartitions(OfVisitors, KilledAt):
    """A member dies after it has written rows and sketches, and before it remembers that."""

    failpoint: ClassVar[str] = "before_state:1"

    def assert_fault_happened(self) -> None:
        super().assert_fault_happened()
        partitions: dict[str, set[str]] = defaultdict(set)
        for row in self.world.documents[FunnelUsers.collection].find():
            for by_partition in row["_daybook"]["applied"].values():
                partitions[row["user_id"]] |= by_partition.keys()
        assert all(len(of_user) > 1 for of_user in partitions.values())

    def check(self) -> None:
        super().check()
        expected = known(self.visitors.entries)
        assert_sketches(self.world.documents[Uniques.collection].find(), expected)
        of_days = {n: k for n, k in expected.items() if n[1] == "funnel_users" and _is_day(n[-1])}
        assert users_by_day(self.world) == of_days


def _is_day(period: str | None) -> bool:
    return period is not None and period.count("-") == 2


def test_users_in_two_partitions(world: World) -> None:
    UsersInTwoPartitions(world).run()


@pytest.fixture
def shop(world: World) -> Storefront:
    """A storefront in a world with empty topics."""
    shop = Storefront(world, 3_000)
    shop.make_topics()
    return shop


def forget_users(world: World) -> None:
    """Leaves everything as an older group left it, which did not know of users."""
    documents = world.documents
    older = {"analytics_funnel": 2, "analytics_uniques": 2, "visitor_state": 3}
    fields = {f"models.{name}": version for name, version in older.items()}
    group = {"_id": f"group:{world.group('funnel-step').name}"}
    unset = {f"models.{FunnelUsers.collection}": ""}
    documents["_daybook"].update_one(group, {"$set": fields, "$unset": unset})
    documents[FunnelUsers.collection].delete_many({})
    documents["analytics_uniques"].delete_many({"kind": {"$in": list(OF_USERS)}})
    for name, version in older.items():
        documents[name].update_many({}, {"$set": {"_daybook.model": version}})
    hours = {f"hours.{hour:02}.named_visitors": "" for hour in range(24)}
    documents["analytics_funnel"].update_many({}, {"$unset": {"named_visitors": "", **hours}})
    every = {"$unset": {"user_id": "", "users": "", "sessions.$[].events.$[].user": ""}}
    documents["visitor_state"].update_many({}, every)


def test_people_of_the_past_are_in_doubt_until_a_rebuild_counts_them(
    world: World, shop: Storefront
) -> None:
    traffic = shop.publish(1_500)
    next(traffic)
    world.catch_up("funnel-step")
    counted = users_by_day(world)
    assert counted
    forget_users(world)
    report = checks.recounted(world, "funnel-step")
    assert (report.exit_code, report.differences) == (3, [])
    assert {doubt.collection for doubt in report.doubts} == {
        "analytics_funnel",
        "analytics_uniques",
        "funnel_users",
        "visitor_state",
    }
    member = world.member("funnel-step", **SMALL_BATCHES)
    assert list(traffic)
    world.wait_for_commits("funnel-step")
    assert rebuild(world).exit_code == 0
    member.end()
    checks.assert_recounted_equal(world, "funnel-step")
    found = users_by_day(world)
    assert all(found[name] >= number for name, number in counted.items())
    assert_sketches(world.documents[Uniques.collection].find(), known(shop.entries()))
