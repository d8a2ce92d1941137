"""Publishes a simulated storefront's traffic in a world, and computes its known answer."""

import time
from collections.abc import Iterator
from datetime import date

from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from daybook.simulate.answer.render import Line
from daybook.simulate.message import ORDERS, PROGRAMME, USERS, Message
from daybook.simulate.parts import parts
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from tests.support.wait import until
from tests.support.world import World

TOPICS = (TRACKING, FUNNELS, PROGRAMME)


class Storefront:
    """The traffic of `daybook.simulate`, with `events` tracking events over 14 days."""

    def __init__(self, world: World, events: int, seed: int = 1) -> None:
        self._world = world
        self._plan = Plan(events, seed, date(2026, 1, 5), 14)
        self.published = 0

    def make_topics(self) -> None:
        for topic in TOPICS:
            self._world.make_topic(topic, partitions=4 if topic == TRACKING else 1)

    def publish(self, size: int) -> Iterator[int]:
        """Publishes in pieces of about `size` tracking events; yields after each piece how many
        are published so far."""
        for part in parts(storefront(self._plan)):
            piece: dict[str, list[Message]] = {topic: [] for topic in TOPICS}
            for message in part:
                if message.topic not in piece:
                    continue
                piece[message.topic].append(message)
                if len(piece[TRACKING]) >= size:
                    yield self._send(piece)
            yield self._send(piece)

    def sell(self) -> list[Entry]:
        """Publishes the orders and accounts as well, and returns them."""
        sold = [m for m in storefront(self._plan) if m.topic in (ORDERS, USERS)]
        for topic in (ORDERS, USERS):
            self._world.make_topic(topic)
            self._world.publish([(m.key, m.value) for m in sold if m.topic == topic], topic)
        return [Entry(m.topic, m.event, appended_ms=0) for m in sold]

    def answer(self) -> list[Line]:
        return answer(self.entries())

    def entries(self) -> Iterator[Entry]:
        """Everything that `publish` sends, which leaves out orders and accounts."""
        sent = (m for m in storefront(self._plan) if m.topic in TOPICS)
        return (Entry(m.topic, m.event, appended_ms=0) for m in sent)

    def _send(self, piece: dict[str, list[Message]]) -> int:
        """Publishes a piece, definitions first, so that they are in the log before what follows.

        It waits a few milliseconds before: a definition applies to its whole append millisecond,
        also to events appended before it.
        """
        begun = time.time()
        until(lambda: time.time() > begun + 0.005, "a few milliseconds have passed")
        for topic in (FUNNELS, PROGRAMME, TRACKING):
            self._world.publish([(m.key, m.value) for m in piece[topic]], topic)
            self.published += topic == TRACKING and len(piece[topic])
            piece[topic] = []
        return self.published
