"""Random trees of filters, and random people that they tell apart."""

import random
from typing import Any
from zoneinfo import ZoneInfo

from daybook.segments.filters.profile import DELETED, GIVEN, OPENED, WITHDRAWN
from tests.segments.filters.person import UTC, Person

ZONES = (UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu"))
TYPES = ("cart_add", "page_view", "order.payment_succeeded", "user.verified")
WINDOWS = ("PT1H", "PT24H", "P1D", "P2D", "P30D")
HOSTILE = ("$where", "$$ROOT", "a.b", "\0", "", "x" * 300)


class Draw:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def time(self) -> str:
        """Seldom two of a person at the same time, around the change to summer time."""
        pick = self.random
        return f"{pick.randint(26, 30)} {pick.randrange(24):02}:{pick.choice((0, 7, 30, 59)):02}"

    def tree(self, depth: int = 3) -> dict[str, Any]:
        pick = self.random
        if depth and pick.random() < 0.5:
            if pick.random() < 0.3:
                return {"not": self.tree(depth - 1)}
            parts = [self.tree(depth - 1) for _ in range(pick.randint(1, 3))]
            return {pick.choice(("all", "any")): parts}
        return pick.choice((self._behaviour, self._attribute, self._seen, self._of_orders))()

    def _within(self) -> dict[str, Any]:
        pick = self.random
        return {"within": pick.choice(WINDOWS)} if pick.random() < 0.8 else {}

    def _count(self, most: int) -> dict[str, int]:
        pick = self.random
        return {pick.choice(("at_least", "at_most", "exactly")): pick.randint(1, most)}

    def _behaviour(self) -> dict[str, Any]:
        pick, node = self.random, {"event": self.random.choice(TYPES)} | self._within()
        if pick.random() < 0.3:
            node["where"] = {"name": pick.choice(HOSTILE)}
        if pick.random() < 0.5:
            node["count"] = self._count(3)
        if pick.random() < 0.4:
            node["then_not"] = pick.choice(TYPES)
        return node

    def _attribute(self) -> dict[str, Any]:
        pick = self.random
        value = {
            "is": pick.choice(HOSTILE),
            "is_not": pick.choice(HOSTILE),
            "in": pick.sample(HOSTILE, 2),
            "not_in": pick.sample(HOSTILE, 2),
            "exists": pick.random() < 0.5,
        }
        operator = pick.choice(tuple(value))
        return {"attribute": pick.choice(("country", "browser")), operator: value[operator]}

    def _seen(self) -> dict[str, Any]:
        return {"seen": self.random.choice(("first", "last"))} | {
            "within": self.random.choice(WINDOWS)
        }

    def _of_orders(self) -> dict[str, Any]:
        pick = self.random
        if pick.random() < 0.5:
            product = {"product": pick.choice(HOSTILE)} if pick.random() < 0.5 else {}
            return {"orders": self._count(3)} | product | self._within()
        compared = {pick.choice(("at_least", "at_most")): pick.choice((0, 50, 100))}
        return {"revenue": {"currency": pick.choice(("EUR", "USD"))} | compared} | self._within()

    def person(self) -> Person:
        pick, person = self.random, Person()
        for _ in range(pick.randint(1, 8)):
            fields = {"name": pick.choice(HOSTILE)} if pick.random() < 0.5 else {}
            person.did(pick.choice(TYPES), self.time(), **fields)
        for _ in range(pick.randint(0, 3)):
            person.has(pick.choice(("country", "browser")), pick.choice(HOSTILE), self.time())
        for number in range(pick.randint(0, 3)):
            refunds = [(pick.choice((10, 100)), self.time()) for _ in range(pick.randint(0, 2))]
            person.paid(
                f"{number}.$",
                pick.choice((0, 10, 100)),
                self.time(),
                *refunds,
                currency=pick.choice(("EUR", "USD")),
                products=pick.sample(HOSTILE, pick.randint(0, 2)),
            )
        for _ in range(pick.choice((0, 0, 1, 2))):
            person.consent(pick.choice((GIVEN, WITHDRAWN)), self.time())
        for _ in range(pick.choice((0, 0, 0, 1, 2))):
            person.account(pick.choice((DELETED, OPENED)), self.time())
        return person
