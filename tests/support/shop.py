"""Generates a shop's order events from a seed: late, duplicated, refunded, in two currencies."""

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

Message = tuple[str | None, bytes | None]

POISON: tuple[Message, ...] = (
    ("x", b"not json"),
    ("x", b"[1, 2]"),
    ("x", b""),
    ("x", b"\xff\xfe"),
    ("x", b"[" * 10_000),
)


class Shop:
    """`events` has every event generated so far, once; `poison`: how many invalid messages."""

    def __init__(self, seed: int = 1, day: str = "2026-11-%02d") -> None:
        self._random = random.Random(seed)
        self._baskets = random.Random(f"baskets of {seed}")
        self._tickets = random.Random(f"tickets of {seed}")
        self._day = day
        self.events: list[dict[str, Any]] = []
        self.poison = 0

    def messages(self, count: int, duplicates: float = 0.01) -> list[Message]:
        """At least `count` messages: events of orders that overlap in time, and some duplicates."""
        made: list[Message] = []
        open_orders: list[Iterator[dict[str, Any]]] = []
        while len(made) < count:
            if len(open_orders) < 30:
                open_orders.append(self._order())
            order = self._random.choice(open_orders)
            event = next(order, None)
            if event is None:
                open_orders.remove(order)
                continue
            self.events.append(event)
            made.append(as_message(event))
            if self._random.random() < duplicates:
                made.append(made[-self._random.randint(1, min(20, len(made)))])
        return made

    def with_poison(self, messages: list[Message]) -> list[Message]:
        """The messages, with one of each kind of invalid message inserted among them."""
        mixed = list(messages)
        for message in POISON:
            mixed.insert(self._random.randrange(len(mixed)), message)
        self.poison += len(POISON)
        return mixed

    def _order(self) -> Iterator[dict[str, Any]]:
        order_id = self._uuid()
        currency = "EUR" if self._random.random() < 0.8 else "USD"
        paid = self._random.randint(100, 20_000)
        steps: list[tuple[str, dict[str, Any]]] = [
            ("created", {"currency": currency} | self._event_id() | self._basket(paid)),
            ("payment_initiated", {}),
            ("payment_succeeded", {"currency": currency, "amount_cents": paid}),
            ("confirmed", {}),
        ]
        if self._random.random() < 0.1:
            steps.insert(2, ("payment_failed", {"reason": "declined"}))
        if self._random.random() < 0.05:
            steps.append(("payment_succeeded", {"currency": currency, "amount_cents": paid}))
        for _ in range(self._random.choice((0, 0, 0, 1, 1, 2))):
            community = f"community-{self._random.randint(1, 9)}"
            attribution = {"community_id": community} | self._source()
            self._insert(steps, ("attribution_recorded", attribution))
        for _ in range(self._random.choice((0, 0, 1, 2))):
            cents = self._random.randint(0, paid)
            self._insert(steps, ("refunded", {"refund_cents": cents}))
        steps.append(self._random.choice((("shipped", {}), ("cancelled", {"refund_cents": paid}))))
        if self._baskets.random() < 0.05:
            steps.append(steps.pop(0))
        return (self._event(kind, {"order_id": order_id} | data) for kind, data in steps)

    def _basket(self, paid: int) -> dict[str, Any]:
        """The total of an order, and of most its funnel, step and lines."""
        if self._baskets.random() < 0.3:
            return {"total_cents": paid}
        lines: list[dict[str, Any]] = [
            {
                "product_id": f"product-{self._baskets.randint(1, 9)}",
                "product_name": self._baskets.choice(("Cup", "cup", "Čaša")),
                "quantity": self._baskets.randint(1, 3),
                "price_cents": self._baskets.randint(0, 5_000),
            }
            | ({"ticketed_event_id": "fair"} if self._tickets.random() < 0.1 else {})
            for _ in range(self._baskets.randint(0, 3))
        ]
        step = {"step_id": "pay"} if self._baskets.random() < 0.8 else {}
        worth = sum(line["quantity"] * line["price_cents"] for line in lines)
        funnel = {"funnel_id": self._baskets.choice(("checkout", "gift"))}
        return {"total_cents": max(paid, worth), "items": lines} | funnel | step

    def _event_id(self) -> dict[str, str]:
        return {"event_id": "concert"} if self._tickets.random() < 0.2 else {}

    def _source(self) -> dict[str, str]:
        return {"source": self._baskets.choice(("Google", "Bing", "newsletter"))}

    def _insert(self, steps: list[tuple[str, dict[str, Any]]], step: Any) -> None:
        steps.insert(self._random.randrange(len(steps) + 1), step)

    def _event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        clock = f"{self._random.randrange(24):02d}:{self._random.randrange(60):02d}:07.250Z"
        return {
            "event_id": self._uuid(),
            "event_type": f"order.{kind}",
            "occurred_at": f"{self._day % self._random.randint(1, 6)}T{clock}",
            "schema_version": 1,
            "data": data,
        }

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128)))


def as_message(event: dict[str, Any]) -> Message:
    return event["data"]["order_id"], json.dumps(event).encode()
