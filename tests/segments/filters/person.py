"""Builds a person's profile from what they did, by the times of March 2026."""

from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from daybook.segments.filters.profile import ANY_EVENT, kind
from schemas.filters import WHERE

UTC = ZoneInfo("UTC")
KEPT = 100
VALUES_KEPT = 20


def at(text: str) -> int:
    """`2 10:00` is the 2nd of March 2026 at 10:00 UTC; a longer text is ISO 8601 itself."""
    if text[4:5] != "-":
        day, _, clock = text.partition(" ")
        text = f"2026-03-{int(day):02}T{clock}Z"
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class Person:
    """A profile that holds the facts of all calls; their order makes no difference."""

    def __init__(self) -> None:
        self.profile: dict[str, Any] = {
            "first_seen": at("31 23:59"),
            "events": {},
            "attributes": {},
            "orders": {},
            "consent": [],
            "account": [],
        }

    def did(self, event_type: str, *times: str, **fields: str) -> Self:
        for time in times:
            kinds = [kind(event_type), ANY_EVENT]
            kinds += [kind(event_type, {name: fields[name]}) for name in WHERE if name in fields]
            for name in kinds:
                kept = self.profile["events"].setdefault(name, [])
                kept[:] = sorted({*kept, at(time)})[-KEPT:]
            self._seen(time)
        return self

    def has(self, name: str, value: str, time: str) -> Self:
        values = self.profile["attributes"].setdefault(name, [])
        values[:] = sorted([*values, [at(time), value]])[-VALUES_KEPT:]
        self._seen(time)
        return self

    def paid(
        self, order: str, cents: int, time: str, *refunds: tuple[int, str], **more: Any
    ) -> Self:
        self.profile["orders"][order] = {
            "paid_at": at(time),
            "currency": "EUR",
            "cents": cents,
            "refunds": sorted([at(when), amount] for amount, when in refunds),
            "products": [],
        } | more
        self._seen(time)
        return self

    def consent(self, what: str, time: str) -> Self:
        self.profile["consent"] = sorted([*self.profile["consent"], [at(time), what]])
        return self

    def account(self, what: str, time: str) -> Self:
        self.profile["account"] = sorted([*self.profile["account"], [at(time), what]])
        return self

    def _seen(self, time: str) -> None:
        self.profile["first_seen"] = min(self.profile["first_seen"], at(time))
