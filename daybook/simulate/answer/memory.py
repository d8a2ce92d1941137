"""The memory of a visitor in an organization: which sessions are remembered, and how long."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.definitions import Definition

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500
BYTES_MAX = 1_600_000
OF_A_KIND_MAX = {"step_entry": 1_000, "conversion": 1_000, "experiment_exposed": 1_000}
PIN_BYTES_MAX = 300_000

FunnelDay = tuple[str, str]
"""A funnel and a day."""


@dataclass
class Memory:
    """`sessions` by id, in the order of their first messages; each has its deeds in log order.

    `pins`: the definition for the attempts of a day. A pin is kept as long as an entry of its day
    is remembered. `first_day` is kept for ever. `since_ms`: when the first message of each session
    was appended, which may not be remembered. `bytes`: the size of each session's deeds and
    contexts; `of_kind`: the number of deeds of each kind.
    """

    sessions: dict[str, list[Deed]] = field(default_factory=dict)
    pins: dict[FunnelDay, Definition] = field(default_factory=dict)
    first_day: str | None = None
    since_ms: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    of_kind: Counter[str] = field(default_factory=Counter)

    def expired(self, appended_ms: int) -> list[str]:
        """The sessions that are too old for a message appended now."""
        return [
            session
            for session in self.sessions
            if appended_ms - self.since_ms[session] > REMEMBERED_MS
        ]

    def crowded_out(self, session: str) -> list[str]:
        """The oldest session, as a list, if this one is new and the memory is full."""
        full = len(self.sessions) >= SESSIONS_MAX and session not in self.sessions
        return [next(iter(self.sessions))] if full else []

    def forget(self, sessions: list[str]) -> None:
        """Removes sessions, and the pins of days without a remembered entry."""
        for session in sessions:
            for deed in self.sessions.pop(session):
                self.of_kind[deed.kind] -= 1
            self.bytes.pop(session, None)
        kept = {(d.funnel, d.at.day) for d in self.deeds() if d.kind == "step_entry"}
        self.pins = {day: pinned for day, pinned in self.pins.items() if day in kept}

    def seen(self, day: str) -> None:
        """Notes a day on which the visitor did something."""
        self.first_day = min(day, self.first_day or day)

    def keep(self, deed: Deed) -> bool:
        """Remembers a deed; False if its session is full, or the memory has no room for it."""
        if deed.session not in self.sessions:
            self.sessions[deed.session] = []
            self.since_ms[deed.session] = deed.appended_ms
        deeds = self.sessions[deed.session]
        if len(deeds) >= SESSION_EVENTS_MAX:
            return False
        if self.of_kind[deed.kind] >= OF_A_KIND_MAX.get(deed.kind, BYTES_MAX):
            return False
        added = _added(deeds, deed)
        if sum(self.bytes.values()) + added > BYTES_MAX:
            return False
        self.bytes[deed.session] = self.bytes.get(deed.session, 0) + added
        self.of_kind[deed.kind] += 1
        deeds.append(deed)
        return True

    def pin(self, day: FunnelDay, definition: Definition) -> None:
        """Pins a definition to a day, if there is room."""
        pins = self.pins | {day: definition}
        # Definitions of the same content that were published twice are two.
        kept = {id(pinned): pinned for pinned in pins.values()}
        size = sum(200 + 3 * len(funnel.encode()) for funnel, _ in pins)
        if size + sum(map(_definition_bytes, kept.values())) <= PIN_BYTES_MAX:
            self.pins = pins

    def deeds(self) -> Iterator[Deed]:
        """All remembered deeds, session by session."""
        for deeds in self.sessions.values():
            yield from deeds


_REMEMBERED_TEXTS = {
    "page_view": ("step_id",),
    "step_entry": ("step_id", "previous_step_id"),
    "step_exit": ("step_id", "next_step_id", "exit_outcome", "reason"),
    "conversion": ("step_id", "conversion_type"),
    "experiment_exposed": ("test_id", "variant_id"),
    "view": ("event_id",),
    "cart_add": ("event_id",),
    "checkout_start": ("event_id",),
    "purchase": ("event_id",),
}
_PAID = ("conversion", "view", "cart_add", "checkout_start", "purchase")
_REMEMBERED_CONTEXT = (
    "source",
    "channel",
    "device_type",
    "browser",
    "country",
    "utm_campaign",
    "landing_page",
)


def _added(deeds: list[Deed], deed: Deed) -> int:
    """The bytes that a deed adds to its session, which remembers each context once."""
    known = any(_context(other) == _context(deed) for other in deeds)
    return deed_bytes(deed) + (0 if known else _context_bytes(_context(deed)))


def deed_bytes(deed: Deed) -> int:
    """120 bytes, 80 more for an entry, 16 and its UTF-8 bytes for each text, 20 for a quantity, 39
    for an amount with its currency."""
    names = ("funnel_id", *_REMEMBERED_TEXTS.get(deed.kind, ()))
    texts = [deed.data.get(name) for name in names] + [deed.page]
    size = 120 + (80 if deed.kind == "step_entry" else 0)
    size += sum(16 + len(text.encode()) for text in texts if text is not None)
    if deed.kind in _PAID:
        size += 39 if "value_cents" in deed.data else 0
        size += 20 if deed.kind != "conversion" and "quantity" in deed.data else 0
    return size


def _context(deed: Deed) -> dict[str, str]:
    return {name: deed.context[name] for name in _REMEMBERED_CONTEXT if name in deed.context}


def _context_bytes(context: dict[str, str]) -> int:
    return 24 + sum(20 + len(text.encode()) for text in context.values())


def _definition_bytes(definition: Definition) -> int:
    steps = sum(40 + len(step.encode()) for step in definition.steps)
    return 200 + steps + sum(16 + len(step.encode()) for step in definition.exclusions)
