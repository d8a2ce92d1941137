"""Everything the revenue group must know of an order: one document, its only state."""

from typing import Any

from daybook.engine.documents.state import StateModel

WAITING_REFUNDS_MAX = 1_000
"""Refunds that wait for their payment one by one; what comes beyond is excess when it is paid.

And as many booked ones are kept for an `order.created` that is late; after more it is too late.
"""


def new_order(order_id: str) -> dict[str, Any]:
    """An order before its first event.

    `payment` is {date, hour, currency, amount_cents} once paid; `refunds` what was booked, by
    day; `waiting_refunds` the [{date, hour, cents}] that came before the payment, in order.

    `funnel_settled` once the first `order.created` has said which funnel the order is of, or comes
    too late to say it; until then `booked_refunds` keeps the [{date, hour, cents}] booked so far.
    `funnel` is null for an order of none, else {organization_id, funnel_id, step_id, products:
    [{product_id, name, units, worth_cents, revenue_cents, refunded_cents}]}, in the order of their
    ids: what the lines come to, and the product's shares of payment and refunds. A state that
    lacks these fields is from before they were there, and says nothing of funnels until
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
