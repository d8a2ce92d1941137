"""Generates events of orders with funnels and tickets from a seed, in any order and with
duplicates."""

import json
import random
import uuid
from typing import Any

from tests.support.recounting import HandLog

NAMES = ("Cup", "cup", "Čaša", "$Cup", "")
PRODUCTS = ("p", "q.r", "other", "unattributed", "s")
EVENTS = (None, None, "gig", "a.b", "€")
KINDS = {
    "created": 3,
    "payment_succeeded": 5,
    "refunded": 6,
    "refund_failed": 2,
    "dispute_won": 1,
    "attribution_recorded": 3,
    "cancelled": 1,
}
"""How often each kind of event is."""


class Orders:
    """A few orders with many events each."""

    def __init__(self, seed: int, orders: int = 6) -> None:
        self._random = random.Random(seed)
        self._tickets = random.Random(f"tickets of {seed}")
        self._orders = [f"o{number}" for number in range(orders)]
        self.log = HandLog()
        self.events: list[dict[str, Any]] = []

    def write(self, count: int) -> HandLog:
        """Appends `count` messages; `events` has each event once, in the log's order."""
        for _ in range(count):
            if self.events and self._random.random() < 0.03:
                event = self.events[-self._random.randint(1, min(5, len(self.events)))]
            else:
                event = self._event()
                self.events.append(event)
            self.log.write(json.dumps(event).encode(), event["data"]["order_id"])
        return self.log

    def _event(self) -> dict[str, Any]:
        kind = self._random.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        data = {"order_id": self._random.choice(self._orders)} | self._data(kind)
        day, hour = self._random.randint(1, 3), self._random.randrange(24)
        event = {
            "event_id": str(uuid.UUID(int=self._random.getrandbits(128))),
            "event_type": f"order.{kind}",
            "occurred_at": f"2026-11-{day:02d}T{hour:02d}:00:00Z",
            "schema_version": 1,
            "data": data,
        }
        return event | ({"organization_id": "a:b"} if self._random.random() < 0.3 else {})

    def _data(self, kind: str) -> dict[str, Any]:
        cents, chance = self._random.randint(0, 999), self._random.random()
        match kind:
            case "created":
                named = {"funnel_id": self._random.choice("fg")} if chance < 0.8 else {}
                step = {"step_id": self._random.choice("xy")} if chance < 0.6 else {}
                lines = self._items() if chance < 0.7 else []
                items = {"items": lines} if chance < 0.7 else {}
                worth = sum(line["quantity"] * line["price_cents"] for line in lines)
                event = {"event_id": "gig"} if self._tickets.random() < 0.4 else {}
                visitor = {"visitor_id": "v:1"} if self._tickets.random() < 0.5 else {}
                currency = self._random.choice(("EUR", "EUR", "EUR", "USD"))
                total = {"currency": currency, "total_cents": max(2 * cents, worth)}
                return total | named | step | items | event | visitor
            case "payment_succeeded":
                currency = self._random.choice(("EUR", "EUR", "USD"))
                part = {"installment": chance < 0.2} if chance < 0.3 else {}
                amount = 0 if chance > 0.95 else cents // self._random.choice((1, 3))
                return {"currency": currency, "amount_cents": amount} | part
            case "attribution_recorded":
                return {"source": self._random.choice(("Google", "Bing", "", "other"))}
            case "refunded" | "refund_failed" | "dispute_won":
                return {"refund_cents": cents // self._random.choice((1, 3, 9))}
            case _:
                return {"refund_cents": cents} if chance < 0.5 else {}

    def _items(self) -> list[dict[str, Any]]:
        return [
            {
                "product_id": self._random.choice(PRODUCTS),
                "quantity": self._random.choice((0, 1, 1, 2, 7)),
                "price_cents": self._random.choice((0, 7, 100, 333, 333, 10**10)),
            }
            | ({"product_name": name} if (name := self._random.choice(NAMES)) != "$Cup" else {})
            | ({"ticketed_event_id": event} if (event := self._tickets.choice(EVENTS)) else {})
            for _ in range(self._random.randint(0, 4))
        ]
