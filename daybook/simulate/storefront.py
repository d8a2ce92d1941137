"""Generates a storefront's traffic: the messages of all topics, in order of arrival."""

import heapq
from collections.abc import Iterator

from daybook.simulate import funnels, oddities, programme, users
from daybook.simulate.delivery import deliver
from daybook.simulate.dice import Dice
from daybook.simulate.experiments import EXPERIMENTS, LONG_FORM
from daybook.simulate.message import FUNNELS, PROGRAMME, TRACKING, Data, Happening, Message
from daybook.simulate.organizations import ORGANIZATIONS
from daybook.simulate.person import People
from daybook.simulate.plan import Plan
from daybook.simulate.stories import STORIES
from daybook.simulate.visit import Visit

_MIDDLE, _NEARLY_OVER, _RELOADING = 0.5, 0.9, 0.3
_EVENTS_FOR_RELOADING = 5_000


def storefront(plan: Plan) -> Iterator[Message]:
    """`plan.events` messages of sc.tracking.funnel, and the messages of other topics that belong
    to them. Memory holds open visits and orders, people who may return, and messages in transit.

    A definition applies from its place in this order on. So a publisher must wait until everything
    before a definition is in the log, and send what follows only after it.
    """
    return _Simulation(plan).messages()


class _Simulation:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dice = Dice(plan.seed)
        self._people = People(self._dice)
        self._in_transit: list[tuple[int, int, Message]] = []
        self._sent = 0
        self._tracked = 0
        self._scheduled = [
            (_RELOADING, self._reload),
            (_MIDDLE, self._redefine),
            (_NEARLY_OVER, self._end_experiment),
        ]

    def messages(self) -> Iterator[Message]:
        plan = self._plan
        yield from self._opening()
        while self._tracked < plan.events:
            progress = self._tracked / plan.events
            now_ms = plan.moment_ms(progress)
            yield from self._arrived(now_ms)
            while self._scheduled and self._scheduled[0][0] <= progress:
                self._scheduled.pop(0)[1](now_ms)
            self._visit(now_ms)
        yield from self._arrived(None)

    def _arrived(self, until_ms: int | None) -> Iterator[Message]:
        waiting = self._in_transit
        while waiting and (until_ms is None or waiting[0][0] <= until_ms):
            yield heapq.heappop(waiting)[2]

    def _visit(self, now_ms: int) -> None:
        dice = self._dice
        person = self._people.next()
        story, page = dice.pick(STORIES)
        visit = Visit(dice, person, self._people.session(), now_ms, page)
        if dice.chance(oddities.BOT_CHANCE):
            oddities.crawl(visit)
        else:
            users.come_back(visit)
            story(visit)
        self._send(visit.happenings)

    def _send(self, happenings: list[Happening]) -> None:
        """Drops happenings after the plan's end, and tracking events beyond its number."""
        for happening in happenings:
            if happening.at_ms >= self._plan.end_ms:
                continue
            for message in deliver(self._dice, happening):
                if message.topic == TRACKING:
                    if self._tracked == self._plan.events:
                        return
                    self._tracked += 1
                self._sent += 1
                # The number orders messages that arrive at the same time; messages themselves are
                # never compared.
                heapq.heappush(self._in_transit, (message.arrival_ms, self._sent, message))

    def _opening(self) -> Iterator[Message]:
        start_ms = self._plan.start_ms
        for data in programme.published(self._plan.start.isoformat()):
            self._define(start_ms, PROGRAMME, "event.published", data)
        for data in funnels.at_the_start():
            self._define(start_ms, FUNNELS, "funnel.published", data)
        for experiment in EXPERIMENTS:
            self._define(start_ms, FUNNELS, "ab_test.started", experiment.data)
        yield from self._arrived(None)

    def _reload(self, now_ms: int) -> None:
        if self._plan.events >= _EVENTS_FOR_RELOADING:
            person = self._people.next()
            visit = Visit(self._dice, person, self._people.session(), now_ms, "/board")
            oddities.reload(visit)
            self._send(visit.happenings)

    def _redefine(self, now_ms: int) -> None:
        for data in funnels.in_the_middle():
            self._define(now_ms, FUNNELS, "funnel.published", data)

    def _end_experiment(self, now_ms: int) -> None:
        self._define(now_ms, FUNNELS, "ab_test.completed", LONG_FORM.data)
        self._define(now_ms, FUNNELS, "funnel.archived", {"funnel_id": funnels.EXPLORE})
        cancelled = {"event_id": programme.GIGS[-1]}
        self._define(now_ms, PROGRAMME, "event.cancelled", cancelled)

    def _define(self, now_ms: int, topic: str, kind: str, data: Data) -> None:
        for organization in ORGANIZATIONS:
            self._send([Happening(now_ms, topic, kind, organization, data)])
