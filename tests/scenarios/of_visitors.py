"""Scenarios with the funnel-step group: states, measures, definitions, documents per tenant."""

import json
from collections.abc import Iterable

from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from schemas.catalogue import source
from tests.scenarios.scenario import Scenario
from tests.support import checks
from tests.support.known_answer import assert_is_the_known_answer
from tests.support.shop import Message
from tests.support.visitors import Visitors
from tests.support.world import World


class OfVisitors(Scenario):
    """Every document must also equal the known answer, field by field."""

    group = "funnel-step"
    messages = 1_500

    def __init__(self, world: World, seed: int = 1) -> None:
        super().__init__(world, seed)
        self.visitors = Visitors(seed, people=40, redefining=0)

    def prepare(self) -> None:
        self.world.make_topic(TRACKING)
        for topic in (FUNNELS, "sc.domain.event"):
            self.world.make_topic(topic, partitions=1)
        for _ in range(3):
            self.visitors.define()
        self.visitors.again(0)
        self.world.publish(messages_of(self.visitors.entries), FUNNELS)
        self.publish(self.messages)

    def publish(self, count: int) -> None:
        known = len(self.visitors.entries)
        self.visitors.act(count)
        messages = self.shop.with_poison(messages_of(self.visitors.entries[known:]))
        self.world.publish(messages, TRACKING)

    def check(self) -> None:
        checks.assert_no_lag(self.world, self.group)
        checks.assert_dead_letters_are_whole(self.world, self.group, self.shop.poison)
        checks.assert_recounted_equal(self.world, self.group)
        documents = {
            model.collection: {d["_id"]: d for d in self.world.documents[model.collection].find()}
            for model in self.world.group(self.group).documents
        }
        assert_is_the_known_answer(documents, answer(self.visitors.entries))


def messages_of(entries: Iterable[Entry]) -> list[Message]:
    return [
        (source(entry.topic).key_of(entry.event), json.dumps(entry.event).encode())
        for entry in entries
    ]
