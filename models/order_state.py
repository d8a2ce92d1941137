"""The state of an order in the revenue group."""

from typing import Any

from daybook.engine.documents.state import StateModel

WAITING_REFUNDS_MAX = 1_000
"""Refunds kept one by one until the payment; further ones are only summed up, as excess.

As many counted refunds are kept for a late `order.created`; after more of them it is ignored.
"""

STATE_BYTES_MAX = 1_600_000
"""No state is larger: the products of an order's lines (`ITEMS_BYTES_MAX` in `schemas/order.py`,
and 60 bytes of sums for each of 1,000), 1,000 refunds of 53 bytes, and an amount for each of the
40,542 days from 1990 to 2100.
"""


def new_order(order_id: str) -> dict[str, Any]:
    """The state of an order before its first event.

    `payment` is {date, hour, currency, amount_cents} once paid; `refunds` are the counted refunds
    by day; `waiting_refunds` are the refunds [{date, hour, cents}] before the payment, in order.

    `funnel_settled` is true once the first `order.created` has named the order's funnel, or would
    come too late to do so; until then `booked_refunds` has the refunds [{date, hour, cents}]
    counted so far. `funnel` is null for an order without a funnel, else {organization_id,
    funnel_id, step_id, products: [{product_id, name, units, worth_cents, revenue_cents,
    refunded_cents}]} in the order of product ids: the value of each product's lines, and its
    shares of payment and refunds. Older states lack these fields and do not count for funnels until
    `daybook rebuild`.
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
        "source": None,
        "funnel_settled": False,
        "funnel": None,
        "booked_refunds": [],
    }


OrderState = StateModel(
    "order_state",
    new_order,
    since=dict.fromkeys(("source", "funnel_settled", "funnel", "booked_refunds"), 2),
)
