"""A funnel that occurs in events without having been published."""

from tests.support.live import Bustle
from tests.support.world import World


def test_an_unpublished_funnel_is_listed_although_no_definition_exists(world: World) -> None:
    Bustle(world).publish(20, funnel="spring")
    world.catch_up("funnel-step")
    (stored,) = world.documents["funnels"].find()
    assert stored["_id"] == f"{world.name}:spring"
    assert (stored["status"], stored["published"], stored["steps"]) == ("unpublished", False, [])
