"""Checks, day by day, that a run has written the right numbers."""

from collections import Counter
from typing import Any

from bench.orders import Orders
from bench.yardsticks import ONE_UPDATE
from daybook.engine.documents.fields import Counter as CounterField
from daybook.engine.mongo.client import Documents
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay


class WrongTotals(Exception):
    """A run wrote wrong numbers, so its speed means nothing."""


def check(program: str, documents: Documents, orders: Orders) -> None:
    """Checks every day, if the program writes. Raises WrongTotals, naming the first wrong day."""
    match program:
        case "order-funnel":
            fields = {
                field.event_type: name
                for name, field in OrderFunnelDay.fields.items()
                if isinstance(field, CounterField)
            }
            expected = _by_day(orders, fields)
            _compare(expected, documents[OrderFunnelDay.collection].find(), fields.values())
        case "one-update":
            fields = {kind: kind.replace(".", "_") for _, kind in orders.counted()}
            _compare(_by_day(orders, fields), documents[ONE_UPDATE].find(), fields.values())
        case "revenue":
            paid = {day: {"gross_revenue_cents": cents} for day, cents in orders.paid().items()}
            for (day, kind), times in orders.counted().items():
                if kind == "order.payment_succeeded":
                    paid[day]["paid_orders"] = times
            names = ("gross_revenue_cents", "paid_orders")
            _compare(paid, documents[RevenueDay.collection].find(), names)


def _by_day(orders: Orders, fields: Any) -> dict[str, dict[str, int]]:
    expected: dict[str, dict[str, int]] = {}
    for (day, kind), times in orders.counted().items():
        expected.setdefault(day, {})[fields[kind]] = times
    return expected


def _compare(expected: dict[str, dict[str, int]], found: Any, names: Any) -> None:
    stored = {one["_id"]: Counter({n: one.get(n, 0) for n in names}) for one in found}
    for day in sorted(expected.keys() | stored.keys()):
        wanted = Counter(expected.get(day, {}))
        if stored.get(day, Counter()) != wanted:
            raise WrongTotals(f"{day}: {dict(stored.get(day, {}))}, published {dict(wanted)}")
