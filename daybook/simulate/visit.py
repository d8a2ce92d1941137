"""One session as it goes on: a clock, and what happened by it."""

from collections.abc import Mapping
from typing import Any

from daybook.simulate import contexts
from daybook.simulate.dice import Dice
from daybook.simulate.message import TRACKING, Data, Happening
from daybook.simulate.person import Person


class Visit:
    """`happenings` in the order in which they are told; `at_ms` is the true time now."""

    def __init__(
        self, dice: Dice, person: Person, session: str, at_ms: int, landing_page: str
    ) -> None:
        self.dice = dice
        self.person = person
        self.session = session
        self.at_ms = at_ms
        self.context = person.device | contexts.arrival(dice, landing_page)
        self.happenings: list[Happening] = []

    def wait(self, seconds: float) -> None:
        """About that long; not at all now and then."""
        if not self.dice.chance(0.03):
            self.at_ms += self.dice.about_ms(seconds)

    def track(self, kind: str, **told: Any) -> None:
        """What the browser sends."""
        data: Data = {"visitor_id": self.person.visitor, "session_id": self.session}
        data |= {name: value for name, value in told.items() if value is not None}
        if self.person.user and not self.dice.chance(0.2):
            data["user_id"] = self.person.user
        if not self.dice.chance(0.01):
            data["context"] = self.context
        self._add(Happening(self.at_ms, TRACKING, kind, self.person.organization, data, True))

    def serve(self, topic: str, kind: str, later_ms: int, data: Mapping[str, Any]) -> None:
        """What a server tells, that much later."""
        told = {name: value for name, value in data.items() if value is not None}
        at_ms = self.at_ms + later_ms
        self._add(Happening(at_ms, topic, kind, self.person.organization, told))

    def _add(self, happening: Happening) -> None:
        skew_ms = self.person.skew_ms if happening.by_browser else 0
        self.happenings.append(happening._replace(skew_ms=skew_ms))
