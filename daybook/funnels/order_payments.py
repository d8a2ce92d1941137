"""The money of an order as it is counted: its payments, and its refunds by day."""

from collections.abc import Iterator
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.state import State


def payments(order: State) -> list[dict[str, Any]]:
    """The payments that count, [{date, hour, cents}], the first one first."""
    first = order["payment"]
    if first is None:
        return []
    others = [payment for payment in order["later_payments"] if payment["counted"]]
    return [first | {"cents": first["amount_cents"]}, *others]


def paid_cents(order: State) -> int:
    return sum(payment["cents"] for payment in payments(order))


def booked(order: State) -> Iterator[tuple[str, DayHour, int]]:
    """The order's money as it is counted: `revenue` or `refunded`, its day, and the amount."""
    hour = order["payment"]["hour"]
    for payment in payments(order):
        yield "revenue", DayHour(payment["date"], payment["hour"]), payment["cents"]
    for day, cents in order["refunds"].items():
        yield "refunded", DayHour(day, hour), cents
