"""What a visitor, an order or a user did: one event, as far as numbers depend on it."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daybook.simulate.answer.clock import When, when
from daybook.simulate.answer.definitions import DEFAULT_ORGANIZATION
from daybook.simulate.answer.entry import Event

BY_OTHER_KEYS = ("email_confirmed", "email_failed", "barcode_scanned")
"""Keyed by order or ticket: no deeds of a visitor."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for none."""


@dataclass(frozen=True, slots=True)
class Deed:
    """`place` is the event's place in the log; `data` as it came."""

    place: int
    appended_ms: int
    kind: str
    at: When
    data: dict[str, Any]
    organization: str = DEFAULT_ORGANIZATION

    @property
    def order(self) -> tuple[int, int]:
        """By time to the millisecond, then by offset."""
        return self.at.ms, self.place

    @property
    def session(self) -> str:
        return str(self.data["session_id"])

    @property
    def funnel(self) -> str | None:
        """The funnel among whose events it is."""
        return None if self.kind == "experiment_exposed" else self.data.get("funnel_id")

    @property
    def step(self) -> str:
        return str(self.data["step_id"])

    @property
    def bot(self) -> list[str]:
        return self.context.get("bot") or []

    @property
    def context(self) -> dict[str, Any]:
        return self.data.get("context") or {}

    @property
    def page(self) -> str | None:
        """The page that a view shows, if it names one."""
        if self.kind != "page_view":
            return None
        return self.data.get("page") or self.data.get("page_id")

    @property
    def money(self) -> tuple[str, int] | None:
        """Currency and amount, if there is any."""
        cents = self.data.get("value_cents", 0)
        return (self.data.get("currency", NO_CURRENCY), cents) if cents else None


def deed(event: Event, place: int, appended_ms: int, zone: ZoneInfo) -> Deed:
    at = when(event["occurred_at"], zone)
    owner = event.get("organization_id", DEFAULT_ORGANIZATION)
    return Deed(place, appended_ms, event["event_type"], at, event["data"], owner)
