"""Checkpoints only move forward, and never over what a restored database lacks."""

from typing import Any

import pytest

from daybook.engine.errors import FleetMismatch, StartAgain
from daybook.engine.partition import Partition
from daybook.engine.protocol.checkpoints import Checkpoint, Checkpoints
from tests.support.world import World

HERE, THERE = Partition("t", "id", 0), Partition("t", "id", 1)


def checkpoints(world: World, **fleet: Any) -> Checkpoints:
    if fleet:
        world.documents["_daybook"].insert_one({"_id": "fleet"} | fleet)
    return Checkpoints("g", world.documents)


def test_a_checkpoint_is_not_moved_if_the_stored_one_went_back(world: World) -> None:
    own = checkpoints(world)
    own.save([Checkpoint(HERE, 0, 100), Checkpoint(THERE, 0, 100)])
    own.save([Checkpoint(HERE, 0, 200, saved=100), Checkpoint(THERE, 0, 200, saved=100)])
    world.documents["_daybook"].update_one({"partition": 0}, {"$set": {"offset": 50}})
    with pytest.raises(StartAgain):
        own.save([Checkpoint(HERE, 0, 300, saved=200), Checkpoint(THERE, 0, 300, saved=200)])
    assert own.all() == {("id", 0): 50, ("id", 1): 300}


def test_a_checkpoint_that_is_gone_is_not_made_again(world: World) -> None:
    own = checkpoints(world)
    own.save([Checkpoint(HERE, 0, 100)])
    world.documents["_daybook"].delete_many({})
    with pytest.raises(StartAgain):
        own.save([Checkpoint(HERE, 0, 200, saved=100)])
    assert own.all() == {}


def test_a_former_owner_of_the_partition_does_not_move_it_back(world: World) -> None:
    own = checkpoints(world)
    own.save([Checkpoint(HERE, 0, 300)])
    own.save([Checkpoint(HERE, 0, 200, saved=100)])
    assert own.all() == {("id", 0): 300}


def test_the_stored_ones_are_read_together_with_the_fleets_record(world: World) -> None:
    own = checkpoints(world, fleet="f")
    own.save([Checkpoint(HERE, 0, 100)])
    assert own.stored([HERE, THERE], "f") == {("id", 0): 100}
    with pytest.raises(FleetMismatch, match="another fleet"):
        own.stored([HERE], "g")
    world.documents["_daybook"].delete_one({"_id": "fleet"})
    assert own.stored([HERE], "f") is None
