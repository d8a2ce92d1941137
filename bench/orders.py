"""Generates order events by a formula, so that they and their totals are known."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

STEPS = (
    "created",
    "payment_initiated",
    "payment_succeeded",
    "confirmed",
    "shipped",
    "delivered",
)
DAYS = 30
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
# Orders overlap: between two events of one order there are 12,000 of others. So a batch has few
# events of the same order, and a group with state writes a state for nearly every event.
ROUNDS_APART = 2_000
# Odd, so that multiplying by it, modulo 2**128, gives every event another id.
_SCATTER = 0x9E3779B97F4A7C15F39CC0605CEDC835


class Orders:
    """`count` events of about 220 bytes over 30 days, rounded down to whole orders of six."""

    def __init__(self, count: int) -> None:
        self._orders = max(1, count // len(STEPS))
        self.count = self._orders * len(STEPS)
        self._rounds = self._orders + (len(STEPS) - 1) * ROUNDS_APART

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Keys and values, in the order of publishing."""
        for moment, steps in self._by_round():
            occurred_at = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
            for order, step in steps:
                yield _message(order, step, occurred_at)

    def counted(self) -> Counter[tuple[str, str]]:
        """The number of events by day (YYYY-MM-DD) and event type."""
        found: Counter[tuple[str, str]] = Counter()
        for moment, steps in self._by_round():
            day = f"{moment:%Y-%m-%d}"
            found.update((day, f"order.{STEPS[step]}") for _, step in steps)
        return found

    def paid(self) -> Counter[str]:
        """The cents paid, by day."""
        found: Counter[str] = Counter()
        for moment, steps in self._by_round():
            paid = sum(cents(n) for n, step in steps if STEPS[step] == "payment_succeeded")
            found[f"{moment:%Y-%m-%d}"] += paid
        return +found

    def _by_round(self) -> Iterator[tuple[datetime, list[tuple[int, int]]]]:
        """Each time, and the orders that take a step then, as pairs of order and step numbers."""
        length = timedelta(days=DAYS) / self._rounds
        for number in range(self._rounds):
            orders = ((number - step * ROUNDS_APART, step) for step in range(len(STEPS)))
            steps = [(order, step) for order, step in orders if 0 <= order < self._orders]
            yield FIRST_DAY + number * length, steps


def cents(order: int) -> int:
    """The amount of an order."""
    return 500 + order * 7_919 % 20_000


def _message(order: int, step: int, occurred_at: str) -> tuple[str, bytes]:
    order_id = f"order-{order:08d}"
    event_id = UUID(int=(order * len(STEPS) + step + 1) * _SCATTER % 2**128)
    money = ""
    if STEPS[step] == "created":
        money = f',"currency":"EUR","total_cents":{cents(order)}'
    elif STEPS[step].startswith("payment_"):
        money = f',"currency":"EUR","amount_cents":{cents(order)}'
    value = (
        f'{{"event_id":"{event_id}","event_type":"order.{STEPS[step]}",'
        f'"occurred_at":"{occurred_at}","schema_version":1,"organization_id":"shop-1",'
        f'"data":{{"order_id":"{order_id}"{money}}}}}'
    )
    return order_id, value.encode()
