"""Builds short logs in a few words, and computes their known answer."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = "2026-03-02"
FUNNEL_ID = f"default:f:{TODAY}"
Fields = dict[str, Any]


class Log:
    """Entries of one organization and funnel `f`; every method appends one. Times in seconds."""

    def __init__(self, visitor: str = "v", session: str = "s") -> None:
        self.entries: list[Entry] = []
        self.visitor = visitor
        self.session = session
        self.appended_ms = 0

    def define(self, *steps: str, **more: Any) -> "Log":
        """A definition of `f`; a step that ends with `?` is optional."""
        step_data = [
            {"step_id": step.rstrip("?"), "name": step, "type": "page", "optional": "?" in step}
            for step in steps
        ]
        data = {"funnel_id": "f", "name": "f", "steps": step_data} | more
        return self._append(FUNNELS, "funnel.published", 0, data)

    def enter(self, step: str, at: float, **more: Any) -> "Log":
        return self.track("step_entry", at, step_id=step, **more)

    def leave(self, step: str, at: float, outcome: str, **more: Any) -> "Log":
        return self.track("step_exit", at, step_id=step, exit_outcome=outcome, **more)

    def view(self, page: str, at: float, **more: Any) -> "Log":
        return self.track("page_view", at, page=page, **more)

    def convert(self, at: float, cents: int = 0, currency: str = "EUR", **more: Any) -> "Log":
        paid = {"value_cents": cents, "currency": currency} if cents else {}
        return self.track("conversion", at, conversion_type="custom", **paid, **more)

    def track(self, kind: str, at: float, **more: Any) -> "Log":
        data = {"visitor_id": self.visitor, "session_id": self.session, "funnel_id": "f"} | more
        return self._append(TRACKING, kind, at, {k: v for k, v in data.items() if v is not None})

    def again(self, number: int = -1) -> "Log":
        """A duplicate of an entry, by default of the last, as a producer's retry sends it."""
        self.entries.append(self.entries[number])
        return self

    def _append(self, topic: str, kind: str, at: float, data: Fields) -> "Log":
        occurred_at = (NOON + timedelta(seconds=at)).isoformat(timespec="microseconds")
        event = {
            "event_id": str(uuid.UUID(int=len(self.entries))),
            "event_type": kind,
            "occurred_at": occurred_at,
            "schema_version": 1,
            "data": data,
        }
        self.entries.append(Entry(topic, event, self.appended_ms))
        return self

    def fields(self, collection: str, name: str, zone: str = "UTC") -> Fields:
        """The fields of a document in the known answer; empty if it is absent."""
        lines = answer(self.entries, ZoneInfo(zone))
        found = [x for x in lines if (x["collection"], x["_id"]) == (collection, name)]
        return dict(found[0]["fields"]) if found else {}

    def funnel(self, day: str = TODAY, zone: str = "UTC") -> Fields:
        return self.fields("analytics_funnel", f"default:f:{day}", zone)

    def step(self, step: str, day: str = TODAY) -> Fields:
        return self.fields("analytics_funnel_step", f"default:f:{step}:{day}")

    def reached(self, *steps: str, day: str = TODAY) -> list[int]:
        return [self.step(step, day).get("reached", 0) for step in steps]
