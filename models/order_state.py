"""Everything the revenue group must know of an order: one document, its only state."""

from typing import Any

from engine.group import StateModel

WAITING_REFUNDS_MAX = 1_000
"""Refunds that wait for their payment one by one; what comes beyond is excess when it is paid."""


def new_order(order_id: str) -> dict[str, Any]:
    """An order before its first event.

    `payment` is {date, hour, currency, amount_cents} once paid; `refunds` what was booked, by
    day; `waiting_refunds` the [{date, hour, cents}] that came before the payment, in order.
    """
    return {
        "order_id": order_id,
        "payment": None,
        "community_id": None,
        "promotion_id": None,
        "refunded_cents": 0,
        "refunds": {},
        "waiting_refunds": [],
        "waiting_excess_cents": 0,
    }


OrderState = StateModel("order_state", new_order)
