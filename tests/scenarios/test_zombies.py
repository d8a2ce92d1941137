"""A partition's owner is frozen in the middle of a batch, and wakes up after another took over."""

from typing import ClassVar

import pytest

from tests.scenarios.of_visitors import OfVisitors
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support.soak import SEEDS
from tests.support.world import World


class Zombie(Scenario):
    """The first member is frozen at its failpoint; the second counts everything; then the first
    continues, although all of its writes have been made by the second."""

    failpoint: ClassVar[str]
    protocol: ClassVar[str] = "classic"

    def play(self) -> None:
        protocol = {"DAYBOOK_KAFKA_GROUP_PROTOCOL": self.protocol}
        self.zombie = self.world.member(
            self.group, failpoint=f"{self.failpoint}:STOP", **SMALL_BATCHES, **protocol
        )
        self.zombie.wait_for("partition started", times=4)
        successor = self.world.member(self.group, **protocol)
        self.world.wait_for_commits(self.group)
        self.was_alive = self.zombie.is_alive()
        self.zombie.thaw()
        self.zombie.wait_for("partitions lost")
        self.zombie.end()
        successor.end()

    def assert_fault_happened(self) -> None:
        assert self.was_alive
        again = self.zombie.counted("refused") + self.zombie.counted("replayed")
        assert again > 0


class ZombieBeforeWrite(Zombie):
    failpoint = "before_write:3"


class ZombieBeforeState(Zombie):
    failpoint = "before_state:2"


class ZombieAmongDocuments(Zombie):
    group = "order-funnel"
    failpoint = "between_documents:2"
    protocol = "consumer"


class ZombieAmongDocumentsOfVisitors(OfVisitors, Zombie):
    failpoint = "between_documents:2"


class ZombieBeforeStateOfVisitors(OfVisitors, ZombieBeforeState):
    pass


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "scenario",
    [
        ZombieBeforeWrite,
        ZombieBeforeState,
        ZombieAmongDocuments,
        ZombieAmongDocumentsOfVisitors,
        ZombieBeforeStateOfVisitors,
    ],
)
def test_zombie(world: World, scenario: type[Scenario], seed: int) -> None:
    scenario(world, seed).run()
