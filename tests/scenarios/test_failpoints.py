"""A member is killed with SIGKILL at every point where the order of writes matters."""

from typing import ClassVar

import pytest

from tests.scenarios.of_visitors import OfVisitors
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support.soak import SEEDS
from tests.support.world import World


class KilledAt(Scenario):
    """A member dies at its failpoint, and the next one continues."""

    failpoint: ClassVar[str]
    refused: ClassVar[bool] = True
    """Whether the first member wrote something that the next one tries to write again."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        self.publish(self.messages)
        first = self.world.member(self.group, failpoint=self.failpoint, **SMALL_BATCHES)
        self.exit_code = first.wait(60)
        self.second = self.world.member(self.group)
        self.world.wait_for_commits(self.group)
        self.second.end()

    def assert_fault_happened(self) -> None:
        assert self.exit_code == -9
        again = self.second.counted("refused") + self.second.counted("replayed")
        assert again > 0 or not self.refused


class BeforeDeadLetter(KilledAt):
    failpoint = "before_dead_letter:1"
    refused = False


class WithinDeadLetter(KilledAt):
    failpoint = "within_dead_letter:1"
    refused = False


class AfterDeadLetter(KilledAt):
    failpoint = "after_dead_letter:1"
    refused = False


class BeforeWrite(KilledAt):
    failpoint = "before_write:1"
    refused = False


class BetweenDocuments(KilledAt):
    failpoint = "between_documents:3"


class BeforeState(KilledAt):
    """Between effects and state."""

    failpoint = "before_state:3"


class BeforeCheckpoint(KilledAt):
    failpoint = "before_checkpoint:1"


class BeforeCommit(KilledAt):
    """The checkpoint is ahead of the commit; the next member starts at the lower one."""

    failpoint = "before_commit:1"


class AfterCommit(KilledAt):
    failpoint = "after_commit:1"
    refused = False


class CountersKilledBetweenDocuments(BetweenDocuments):
    group = "order-funnel"


class CountersKilledBeforeCheckpoint(BeforeCheckpoint):
    group = "order-funnel"


class CountersKilledWithinDeadLetter(WithinDeadLetter):
    group = "order-funnel"


class VisitorsKilledBetweenDocuments(OfVisitors, BetweenDocuments):
    pass


class VisitorsKilledBeforeState(OfVisitors, BeforeState):
    pass


class VisitorsKilledBeforeCheckpoint(OfVisitors, BeforeCheckpoint):
    pass


class VisitorsKilledWithinDeadLetter(OfVisitors, WithinDeadLetter):
    pass


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "scenario",
    [
        BeforeDeadLetter,
        WithinDeadLetter,
        AfterDeadLetter,
        BeforeWrite,
        BetweenDocuments,
        BeforeState,
        BeforeCheckpoint,
        BeforeCommit,
        AfterCommit,
        CountersKilledBetweenDocuments,
        CountersKilledBeforeCheckpoint,
        CountersKilledWithinDeadLetter,
        VisitorsKilledBetweenDocuments,
        VisitorsKilledBeforeState,
        VisitorsKilledBeforeCheckpoint,
        VisitorsKilledWithinDeadLetter,
    ],
)
def test_killed_at(world: World, scenario: type[KilledAt], seed: int) -> None:
    scenario(world, seed).run()
