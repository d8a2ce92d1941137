"""Twenty random kills while 100,000 events are published and members join and leave."""

import random

import pytest

from tests.scenarios.scenario import SMALL_BATCHES, Scenario
from tests.support.member import MemberProcess
from tests.support.soak import KILLS, MESSAGES_A_KILL
from tests.support.wait import until
from tests.support.world import World


class RandomKills(Scenario):
    """At most three members, one of which is killed in each round."""

    kills = KILLS
    messages = MESSAGES_A_KILL
    protocol = "classic"

    def play(self) -> None:
        self.random = random.Random(20)
        self.killed = 0
        alive = [self.join() for _ in range(2)]
        for kill in range(self.kills):
            self.publish_more()
            self.wait_until_some_is_counted()
            victim = alive.pop(self.random.randrange(len(alive)))
            victim.kill()
            self.killed += victim.wait(0) == -9
            alive.append(self.join())
            if kill % 5 == 2:
                alive.append(self.join())
            elif kill % 5 == 4:
                alive.pop(0).end()
        self.world.wait_for_commits(self.group, seconds=1_800)
        for member in alive:
            member.end()
        self.alive = alive

    def join(self) -> MemberProcess:
        settings = SMALL_BATCHES | {"DAYBOOK_KAFKA_GROUP_PROTOCOL": self.protocol}
        return self.world.member(self.group, **settings)

    def publish_more(self) -> None:
        self.world.publish(self.shop.messages(self.messages))

    def wait_until_some_is_counted(self) -> None:
        revision = self.revisions()
        until(lambda: self.revisions() > revision, "a member counts")

    def revisions(self) -> int:
        """A number that rises with every write to a counted document."""
        collection = self.world.group(self.group).documents[0].collection
        found = self.world.documents[collection].find({}, {"_daybook.revision": 1})
        return sum(document["_daybook"]["revision"] for document in found)

    def assert_fault_happened(self) -> None:
        assert self.killed == self.kills
        assert len(self.shop.events) > 0.95 * self.kills * self.messages
        stopped = [m for m in self.world.members if m.events("member stopped")]
        assert sum(m.counted("refused") + m.counted("replayed") for m in stopped) > 0


class RandomKillsOfCounters(RandomKills):
    group = "order-funnel"
    kills = 5
    messages = 2_000
    protocol = "consumer"

    def assert_fault_happened(self) -> None:
        assert self.killed == self.kills


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("scenario", [RandomKills, RandomKillsOfCounters])
def test_random_kills(world: World, scenario: type[Scenario]) -> None:
    scenario(world).run()
