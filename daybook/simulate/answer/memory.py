"""The memory of a visitor in an organization: which sessions are remembered, and how long."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.definitions import Definition

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500

FunnelDay = tuple[str, str]
"""A funnel and a day."""


@dataclass
class Memory:
    """`sessions` by id, in the order of their first messages; each has its deeds in log order.

    `pins`: the definition for the attempts of a day. A pin is kept as long as an entry of its day
    is remembered. `first_day` is kept for ever.
    """

    sessions: dict[str, list[Deed]] = field(default_factory=dict)
    pins: dict[FunnelDay, Definition] = field(default_factory=dict)
    first_day: str | None = None

    def expired(self, appended_ms: int) -> list[str]:
        """The sessions that are too old for a message appended now."""
        return [
            session
            for session, deeds in self.sessions.items()
            if appended_ms - deeds[0].appended_ms > REMEMBERED_MS
        ]

    def crowded_out(self, session: str) -> list[str]:
        """The oldest session, as a list, if this one is new and the memory is full."""
        full = len(self.sessions) >= SESSIONS_MAX and session not in self.sessions
        return [next(iter(self.sessions))] if full else []

    def forget(self, sessions: list[str]) -> None:
        """Removes sessions, and the pins of days without a remembered entry."""
        for session in sessions:
            del self.sessions[session]
        kept = {(d.funnel, d.at.day) for d in self.deeds() if d.kind == "step_entry"}
        self.pins = {day: pinned for day, pinned in self.pins.items() if day in kept}

    def seen(self, day: str) -> None:
        """Notes a day on which the visitor did something."""
        self.first_day = min(day, self.first_day or day)

    def keep(self, deed: Deed) -> bool:
        """Remembers a deed; False if its session is full."""
        deeds = self.sessions.setdefault(deed.session, [])
        if len(deeds) >= SESSION_EVENTS_MAX:
            return False
        deeds.append(deed)
        return True

    def deeds(self) -> Iterator[Deed]:
        """All remembered deeds, session by session."""
        for deeds in self.sessions.values():
            yield from deeds
