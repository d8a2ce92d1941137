"""Members that start together on a new database belong to the same fleet."""

import pytest

from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import FleetMismatch
from daybook.engine.member import run
from daybook.engine.protocol.fleet import find_fleet
from tests.support.shop import Shop
from tests.support.world import World


def join(world: World) -> str:
    group = world.group("revenue")
    rules = Rules.from_settings(world.settings)
    return run._join(group, world.settings, world.documents, world.admin, rules).id


def test_a_fleet_that_another_member_has_just_made_is_joined(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.make_topic()
    world.publish(Shop().messages(50))
    world.catch_up("revenue")
    made = find_fleet(world.documents, world.admin)
    answers = iter([None, made])
    monkeypatch.setattr(run, "find_fleet", lambda documents, client: next(answers))
    assert join(world) == made


def test_a_database_without_the_fleet_that_commits_is_refused(world: World) -> None:
    world.make_topic()
    world.publish(Shop().messages(50))
    world.catch_up("revenue")
    world.documents["_daybook"].delete_one({"_id": "fleet"})
    with pytest.raises(FleetMismatch, match="another fleet"):
        join(world)
