"""A storefront's traffic is counted exactly while members are killed, join and leave."""

import random

import pytest

from models.uniques import Uniques
from tests.scenarios.scenario import SMALL_BATCHES
from tests.support import checks
from tests.support.known_answer import Documents, assert_is_the_known_answer
from tests.support.member import MemberProcess
from tests.support.soak import SOAK, TRACKED
from tests.support.storefront import Storefront
from tests.support.uniques import assert_sketches, known
from tests.support.wait import until
from tests.support.watch import Watch
from tests.support.world import World

PIECES = 12
BATCHES = {} if SOAK else SMALL_BATCHES


def stored(world: World) -> Documents:
    return {
        model.collection: {d["_id"]: d for d in world.documents[model.collection].find()}
        for model in world.group("funnel-step").documents
    }


def counted_so_far(world: World) -> int:
    """A number that rises with every write to a visitor's state."""
    found = world.documents["visitor_state"].aggregate(
        [{"$group": {"_id": None, "writes": {"$sum": {"$toDouble": "$_daybook.revision"}}}}]
    )
    return int(next(iter(found), {"writes": 0})["writes"])


def wait_until_some_is_counted(world: World, alive: list[MemberProcess]) -> None:
    before = counted_so_far(world)

    def is_more() -> bool:
        for member in alive:
            assert member.is_alive(), member.output()
        return counted_so_far(world) > before

    until(is_more, "a member counts")


@pytest.mark.timeout(7_200)
def test_documents_are_the_known_answer_while_members_die_join_and_leave(world: World) -> None:
    pick = random.Random(7)
    shop = Storefront(world, TRACKED)
    shop.make_topics()
    alive = [world.member("funnel-step", **BATCHES) for _ in range(2)]
    with Watch(world.documents) as watch:
        for turn, _ in enumerate(shop.publish(TRACKED // PIECES)):
            wait_until_some_is_counted(world, alive)
            victim = alive.pop(pick.randrange(len(alive)))
            victim.kill() if turn % 3 else victim.end()
            alive.append(world.member("funnel-step", **BATCHES))
        world.wait_for_commits("funnel-step", seconds=3_600)
    for member in alive:
        member.end()
    watch.assert_never_back()
    checks.assert_no_lag(world, "funnel-step")
    checks.assert_recounted_equal(world, "funnel-step")
    assert shop.published >= TRACKED
    assert_is_the_known_answer(stored(world), shop.answer())
    assert_sketches(world.documents[Uniques.collection].find(), known(shop.entries()))
