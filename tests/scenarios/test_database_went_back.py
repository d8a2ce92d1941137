"""MongoDB is restored to an earlier moment: members replay what it lost, so numbers stay exact."""

import random
from pathlib import Path
from threading import Event, Thread

import pytest

from daybook.engine.member.caught_up import log_ends
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.local.mongodb import MongoDB
from daybook.simulate.answer.entry import FUNNELS
from tests.scenarios.of_visitors import OfVisitors, messages_of
from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support.backups import DocumentBackup, FileBackup
from tests.support.member import MemberProcess
from tests.support.soak import RESTORES, SOAK
from tests.support.wait import until
from tests.support.world import World

AT_ONCE = 200
BETWEEN_MAX = 3_000
"""Messages published between a backup and its restore, at most."""


class GoesBack(Scenario):
    """Every number must be exact once the checkpoints have reached the ends of the log."""

    def run(self) -> None:
        self.prepare()
        self.play()
        self.assert_fault_happened()
        self.check()

    def wait_until_counted(self) -> None:
        """Waits for the checkpoints: the commits in Kafka do not go back with the database."""
        group = self.world.group(self.group)
        ends = log_ends(self.world.admin, group.topics)
        checkpoints = Checkpoints(group.name, self.world.documents)
        until(lambda: checkpoints.all() == ends, f"the checkpoints are {ends}", 300)

    def assert_fault_happened(self) -> None:
        assert self.lines("the database went back")

    def lines(self, event: str) -> int:
        return sum(len(member.events(event)) for member in self.world.members)


class RestoredUnderLoad(GoesBack):
    """The server's files are replaced at random moments while messages are published."""

    messages = 500
    server: MongoDB
    members = 1
    restores = RESTORES

    def play(self) -> None:
        self.random = random.Random(f"{self.group} {self.members}")
        self.sent = 0
        joined = [self.join() for _ in range(self.members)]
        joined[0].wait_for("partition started")
        stopped = Event()
        load = Thread(target=self.publish_until, args=(stopped,))
        load.start()
        try:
            for _ in range(self.restores):
                self.wait_a_random_while()
                backup = FileBackup(self.server, self.world.directory / "backup")
                self.wait_a_random_while()
                backup.restore()
        finally:
            stopped.set()
            load.join()
        self.wait_until_counted()
        for member in joined:
            member.end()

    def join(self) -> MemberProcess:
        return self.world.member(self.group, **SMALL_BATCHES)

    def publish_until(self, stopped: Event) -> None:
        while not stopped.is_set():
            self.publish(AT_ONCE)
            self.sent += AT_ONCE

    def wait_a_random_while(self) -> None:
        target = self.sent + self.random.randrange(AT_ONCE, BETWEEN_MAX)
        until(lambda: self.sent >= target, f"{target} messages are published")

    def assert_fault_happened(self) -> None:
        assert self.lines("starting again from the checkpoints") >= self.restores
        assert self.lines("the database went back")


class OfOrders(RestoredUnderLoad):
    group = "order-funnel"


class OfRevenue(RestoredUnderLoad):
    group = "revenue"


class OfFunnels(OfVisitors, RestoredUnderLoad):
    messages = 500


class RestoredWhileIdle(GoesBack):
    """Everything is counted, and no further message arrives that a member could notice it by."""

    def play(self) -> None:
        member = self.world.member(self.group, **SMALL_BATCHES)
        member.wait_for("partition started", times=4)
        self.world.wait_for_commits(self.group)
        backup = DocumentBackup(self.world.documents)
        self.publish(self.messages)
        self.world.wait_for_commits(self.group)
        backup.withdraw()
        member.wait_for("waiting for a server")
        late = self.world.member(self.group)
        assert late.wait(60) == 1, "it must not make the database that of another fleet"
        backup.restore()
        self.wait_until_counted()
        member.end()


class DefinitionsRestoredWhileIdle(OfVisitors, RestoredWhileIdle):
    """A funnel is published after the backup; the member has read it, and must store it again."""

    messages = 500

    def publish(self, count: int) -> None:
        if count and self.world.members:
            self.visitors.define()
            self.world.publish(messages_of(self.visitors.entries[-1:]), FUNNELS)
        super().publish(count)

    def play(self) -> None:
        super().play()
        versions = self.world.documents["funnels"].find({}, {"versions": 1})
        assert sum(len(one.get("versions", [])) for one in versions) == 4


class CountersRestoredWhileIdle(RestoredWhileIdle):
    group = "order-funnel"


class RestoredWhileNoneRuns(GoesBack):
    """The next member finds offsets in Kafka that are above the checkpoints."""

    def play(self) -> None:
        self.world.catch_up(self.group)
        backup = DocumentBackup(self.world.documents)
        self.publish(self.messages)
        self.world.catch_up(self.group)
        backup.restore()
        self.second = self.world.catch_up(self.group)

    def assert_fault_happened(self) -> None:
        found = self.second.events("the database went back")
        assert sum(one["from"] - one["to"] for one in found) > 0.9 * self.messages


class ElectionsForgotten(GoesBack):
    """The restored servers forgot elections that clients know of: these refuse the primary."""

    group = "order-funnel"
    server: MongoDB

    def play(self) -> None:
        self.member = self.world.member(self.group, **SMALL_BATCHES)
        self.member.wait_for("partition started", times=4)
        backup = FileBackup(self.server, self.world.directory / "backup")
        for _ in range(2):
            self.server.kill()
            self.server.start()
        self.publish(self.messages)
        self.wait_until_counted()
        backup.restore()
        self.member.wait_for("MongoDB client replaced")
        self.world.reconnect()
        self.wait_until_counted()
        self.member.end()


def under_load(
    scenario: type[RestoredUnderLoad],
    servers: dict[str, str],
    mongodb: MongoDB,
    path: Path,
    of: int,
) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, path) as world:
        one = scenario(world)
        one.server, one.members = mongodb, of
        one.run()


@pytest.mark.timeout(3_600 if SOAK else 600)
@pytest.mark.parametrize("scenario", [OfOrders, OfRevenue, OfFunnels])
def test_restored_at_random_moments(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path, scenario: type[RestoredUnderLoad]
) -> None:
    under_load(scenario, servers, mongodb, tmp_path, of=1)


@pytest.mark.timeout(3_600 if SOAK else 600)
@pytest.mark.parametrize("scenario", [OfOrders, OfRevenue, OfFunnels] if SOAK else [OfRevenue])
def test_restored_under_three_members(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path, scenario: type[RestoredUnderLoad]
) -> None:
    under_load(scenario, servers, mongodb, tmp_path, of=3)


@pytest.mark.parametrize(
    "scenario",
    [
        RestoredWhileIdle,
        CountersRestoredWhileIdle,
        DefinitionsRestoredWhileIdle,
        RestoredWhileNoneRuns,
    ],
)
def test_restored_while_nothing_is_counted(world: World, scenario: type[GoesBack]) -> None:
    scenario(world).run()


def test_restored_to_before_elections(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path
) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        scenario = ElectionsForgotten(world)
        scenario.server = mongodb
        scenario.run()
