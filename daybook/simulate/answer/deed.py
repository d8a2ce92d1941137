"""A deed: one event of a visitor, an order or a user, reduced to what numbers depend on."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daybook.simulate.answer.clock import When, when
from daybook.simulate.answer.definitions import DEFAULT_ORGANIZATION
from daybook.simulate.answer.entry import Event

BY_OTHER_KEYS = ("email_confirmed", "email_failed", "barcode_scanned")
"""Event types keyed by an order or a ticket; they are no deeds of a visitor."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for none."""


@dataclass(frozen=True, slots=True)
class Deed:
    """`place`: the event's place in the log, from 1. `at`: when it happened. `data`: the event's
    own. `user`: the user that the visitor's newest event with one named, by now."""

    place: int
    appended_ms: int
    kind: str
    at: When
    data: dict[str, Any]
    organization: str = DEFAULT_ORGANIZATION
    user: str | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Sort key: time to the millisecond, then the place in the log."""
        return self.at.ms, self.place

    @property
    def session(self) -> str:
        return str(self.data["session_id"])

    @property
    def funnel(self) -> str | None:
        """The funnel that it is an event of, if any."""
        return None if self.kind == "experiment_exposed" else self.data.get("funnel_id")

    @property
    def step(self) -> str:
        return str(self.data["step_id"])

    @property
    def bot(self) -> list[str]:
        """The reasons why it is a bot's; empty for a person's."""
        return self.context.get("bot") or []

    @property
    def context(self) -> dict[str, Any]:
        return self.data.get("context") or {}

    @property
    def page(self) -> str | None:
        """The page of a page view, if it names one."""
        if self.kind != "page_view":
            return None
        return self.data.get("page") or self.data.get("page_id")

    @property
    def money(self) -> tuple[str, int] | None:
        """Currency and amount in cents, if there is an amount."""
        cents = self.data.get("value_cents", 0)
        return (self.data.get("currency", NO_CURRENCY), cents) if cents else None


def deed(event: Event, place: int, appended_ms: int, zone: ZoneInfo) -> Deed:
    """The deed that an event reports."""
    at = when(event["occurred_at"], zone)
    owner = event.get("organization_id", DEFAULT_ORGANIZATION)
    return Deed(place, appended_ms, event["event_type"], at, event["data"], owner)
