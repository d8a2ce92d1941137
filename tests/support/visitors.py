"""Generates random, irregular histories of visitors in funnels, as a log's entries."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry

BEGIN = datetime(2026, 3, 2, 22, tzinfo=UTC)
STEPS = ("a", "b", "c", "d", "e.e")
SOURCES = ("Google", "other", "direct", "x.y$z", None)


class Visitors:
    """`entries` in the log's order, appended one second apart; the events' times are random."""

    def __init__(
        self, seed: int, people: int = 3, hours: int = 60, redefining: float = 0.03
    ) -> None:
        self._random = random.Random(seed)
        # Of its own, so that who is named changes nothing else.
        self._naming = random.Random(f"users of {seed}")
        self._sessions = self._random.choice([4, 4, 200])
        self._people = people
        self._hours = hours
        self._redefining = redefining
        self._waited_ms = 0
        self.entries: list[Entry] = []

    def define(self, **more: Any) -> None:
        steps = self._random.sample(STEPS[:4], self._random.randint(1, 4))
        step_data = [
            {"step_id": s, "name": s, "type": "page", "optional": self._random.random() < 0.3}
            for s in steps
        ]
        data = {
            "funnel_id": self._random.choice("fg"),
            "name": "a funnel",
            "steps": step_data,
            "order": self._random.choice(["ordered", "ordered", "strict", "any"]),
            "exclusions": steps[-1:] if self._random.random() < 0.2 else [],
            "window_seconds": self._random.choice([600, 3600, 86400]),
        }
        self._append(FUNNELS, "funnel.published", data, None)

    def enter(self, step: str, visitor: str, session: str = "s") -> None:
        """An entry into a step of either funnel, at a random time within the hours."""
        for funnel in "fg":
            data = {"visitor_id": visitor, "session_id": session}
            data |= {"funnel_id": funnel, "step_id": step}
            self._append(TRACKING, "step_entry", data, None)

    def view(self, visitor: str, session: str) -> None:
        self._append(TRACKING, "page_view", {"visitor_id": visitor, "session_id": session}, None)

    def act(self, times: int) -> None:
        for _ in range(times):
            if self._random.random() < self._redefining:
                self.define()
            defined = [n for n, one in enumerate(self.entries) if one.topic == FUNNELS]
            if defined and self._random.random() < self._redefining / 2:
                self.again(self._random.choice(defined))
            last = range(len(self.entries))[-20:]
            tracked = [n for n in last if self.entries[n].topic == TRACKING]
            if tracked and self._random.random() < 0.02:
                self.again(self._random.choice(tracked))
                continue
            self._one()

    def wait(self, days: int) -> None:
        """Later entries are appended `days` later; the times of their events do not change."""
        self._waited_ms += days * 24 * 3_600_000

    def again(self, number: int) -> None:
        """Appends a duplicate of an entry, with its id in capitals."""
        entry = self.entries[number]
        copy = entry.event | {"event_id": entry.event["event_id"].upper()}
        self.entries.append(Entry(entry.topic, copy, self._now_ms()))

    def _one(self) -> None:
        pick = self._random
        data: dict[str, Any] = {
            "visitor_id": f"v{pick.randrange(self._people)}",
            "session_id": f"s{pick.randrange(self._sessions)}",
        }
        kind = pick.choice(
            ["page_view", "step_entry", "step_entry", "step_entry", "step_exit", "conversion",
             "experiment_exposed", "view", "purchase", "cart_add", "engagement"]
        )  # fmt: skip
        if (
            kind in ("step_entry", "step_exit", "conversion", "experiment_exposed")
            or pick.random() < 0.7
        ):
            data["funnel_id"] = pick.choice("ffg")
        context: dict[str, Any] = {"device_type": pick.choice(["mobile", "desktop"])}
        if source := pick.choice(SOURCES):
            context["source"] = source
        if pick.random() < 0.05:
            context["bot"] = ["user_agent", "rate", ""][: pick.randint(1, 3)]
        if pick.random() < 0.9:
            data["context"] = context
        if self._naming.random() < 0.1:
            data["user_id"] = self._naming.choice(["u:1", "u2", "u2"])
        self._append(TRACKING, kind, data | self._fields(kind), pick.choice([None, None, "org.1"]))

    def _fields(self, kind: str) -> dict[str, Any]:
        pick = self._random
        money = {"value_cents": pick.randrange(500), "currency": pick.choice(["EUR", "EUR", "USD"])}
        if pick.random() < 0.3:
            money = {}
        match kind:
            case "page_view":
                return {"page": pick.choice(["/", "/a", "/b.c"])} if pick.random() < 0.8 else {}
            case "step_entry":
                claim = {"previous_step_id": "z"} if pick.random() < 0.3 else {}
                return {"step_id": pick.choice(STEPS)} | claim
            case "step_exit":
                outcome = pick.choice(["forward", "backward", "bounce", "close"])
                why = {"reason": pick.choice(["dear", "slow", ""])} if pick.random() < 0.5 else {}
                claim = {"next_step_id": "b"} if pick.random() < 0.5 else {}
                claim = {} if outcome == "bounce" else claim
                return {"step_id": pick.choice(STEPS), "exit_outcome": outcome} | why | claim
            case "conversion":
                step = {"step_id": pick.choice(STEPS)} if pick.random() < 0.5 else {}
                return {"conversion_type": pick.choice(["signup", "custom"])} | step | money
            case "experiment_exposed":
                variant = "one" if pick.random() < 0.9 else "two"
                return {"test_id": pick.choice("tu"), "variant_id": variant}
            case "engagement":
                return {"seconds": 3}
        if kind == "purchase":
            return {"event_id": "gala", "quantity": pick.randint(1, 3)} | money
        return {"event_id": pick.choice(["gala", "ball"])}

    def _append(self, topic: str, kind: str, data: Any, organization: str | None) -> None:
        span = timedelta(milliseconds=self._random.randrange(self._hours * 3_600_000))
        event = {
            "event_id": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "event_type": kind,
            "occurred_at": (BEGIN + span).isoformat(timespec="milliseconds"),
            "schema_version": 1,
            "data": data,
        }
        if organization and topic == TRACKING:
            event["organization_id"] = organization
        self.entries.append(Entry(topic, event, self._now_ms()))

    def _now_ms(self) -> int:
        arrived = int((BEGIN + timedelta(hours=self._hours)).timestamp() * 1000)
        return arrived + self._waited_ms + 1000 * len(self.entries)
