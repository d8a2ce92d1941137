"""A visit: one session in progress, with its clock and the happenings so far."""

from collections.abc import Mapping
from typing import Any

from daybook.simulate import contexts
from daybook.simulate.dice import Dice
from daybook.simulate.message import TRACKING, Data, Happening
from daybook.simulate.person import Person


class Visit:
    """One session of a person. `at_ms`: its current true time; `happenings`: what happened, in the
    order in which it was recorded, which is not the order of time."""

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
        """Advances the clock by about `seconds`; sometimes not at all."""
        if not self.dice.chance(0.03):
            self.at_ms += self.dice.about_ms(seconds)

    def track(self, kind: str, **fields: Any) -> None:
        """An event that the browser sends now; fields that are None are left out."""
        data: Data = {"visitor_id": self.person.visitor, "session_id": self.session}
        data |= {name: value for name, value in fields.items() if value is not None}
        if self.person.user and not self.dice.chance(0.2):
            data["user_id"] = self.person.user.id
        if not self.dice.chance(0.01):
            data["context"] = self.context
        self._add(Happening(self.at_ms, TRACKING, kind, self.person.organization, data, True))

    def server_event(self, topic: str, kind: str, later_ms: int, data: Mapping[str, Any]) -> None:
        """An event that a server sends `later_ms` from now; fields that are None are left out."""
        fields = {name: value for name, value in data.items() if value is not None}
        at_ms = self.at_ms + later_ms
        self._add(Happening(at_ms, topic, kind, self.person.organization, fields))

    def _add(self, happening: Happening) -> None:
        skew_ms = self.person.skew_ms if happening.by_browser else 0
        self.happenings.append(happening._replace(skew_ms=skew_ms))
