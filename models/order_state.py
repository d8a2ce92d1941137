"""The state of an order in the revenue group."""

from typing import Any

from daybook.engine.documents.state import State, StateModel
from models.order import Orders

WAITING_REFUNDS_MAX = 1_000
"""The first refunds of an order may wait until payments cover them; what is not covered of a later
one when it comes is excess for good.

As many counted refunds are kept for a late `order.created`; after more of them it is ignored.
"""
LATER_PAYMENTS_MAX = 100
"""After its first payment, this many payments of an order in the same currency are judged; further
ones are duplicates."""
REVERSALS_MAX = 1_000
"""The first reversals of an order count; further ones are ignored."""

WORTH_MAX = 2**53 - 1
"""The limit for any amount; quantity times price may exceed it."""

STATE_BYTES_MAX = 1_800_000
"""No state is larger: the products of an order's lines (`ITEMS_BYTES_MAX` in `schemas/order.py`,
and 60 bytes of sums for each of 1,000), 102 parts of tickets of at most 630 bytes, 1,000 refunds of
53 bytes and 1,000 of 66, 1,000 reversals of 53, 100 payments of 66, and an amount for each of the
40,542 days from 1990 to 2100.
"""


def new_order(order_id: str) -> dict[str, Any]:
    """The state of an order before its first event.

    `payment` is the first payment, {date, hour, currency, amount_cents}; `later_payments` are
    those after it in its currency, [{date, hour, cents, counted}]; `total` is what the first
    `order.created` says, {currency, amount_cents}. `refunds` are the counted refunds less the
    reversals, by day, and `refunded_cents` is their sum. `waiting_refunds` are the refunds
    [{date, hour, cents}], or the rest of one, that no payment covers yet, in order, and
    `waiting_reversals` the reversals that no refund covers yet. `refunds_asked` and
    `reversals_asked` count events.

    `funnel_settled` is true once the first `order.created` has named the order's funnel, or would
    come too late to do so; until then `booked_refunds` has the refunds [{date, hour, cents,
    is_paired}] counted so far, reversals below zero. `funnel` is null for an order without a
    funnel, else {organization_id, funnel_id, step_id, products: [{product_id, name, units,
    worth_cents, revenue_cents, refunded_cents}]} in the order of product ids: the value of each
    product's lines, and its shares of payments and refunds. Older states lack these fields and do
    not count for funnels until `daybook rebuild`.

    `tickets` is null for an order without tickets, else {organization_id, returned, parts:
    [{event_id, units, worth_cents, revenue_cents, refunded_cents}]} in the order of event ids: the
    tickets of each ticketed event and their shares, and last, with event_id null, all other lines.
    `returned` says whether the tickets are taken back. `cancelled` is the hour of the first
    `order.cancelled`, {date, hour}. An older state has no tickets until `daybook rebuild`, unless
    its `order.created` is still to come.

    `created_ms` is the time of the `order.created` that settled the funnel, in milliseconds since
    1970, and `visitor_id` the visitor that it names; without them the order has no row in `orders`.
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
        "total": None,
        "later_payments": [],
        "waiting_reversals": [],
        "refunds_asked": 0,
        "reversals_asked": 0,
        "tickets": None,
        "cancelled": None,
        "created_ms": None,
        "visitor_id": None,
    }


_SINCE_3 = ("total", "later_payments", "waiting_reversals", "refunds_asked", "reversals_asked")
_SINCE_4 = ("tickets", "cancelled")
_SINCE_5 = ("created_ms", "visitor_id")

OrderState = StateModel(
    "order_state",
    new_order,
    since=dict.fromkeys(("source", "funnel_settled", "funnel", "booked_refunds"), 2)
    | dict.fromkeys(_SINCE_3, 3)
    | dict.fromkeys(_SINCE_4, 4)
    | dict.fromkeys(_SINCE_5, 5),
    rows=(Orders,),
)


def add_missing(order: State) -> None:
    """Adds the fields since version 3 to an older state, as if nothing had happened before."""
    if "created_ms" not in order:
        blank = new_order(order["order_id"])
        added = (*_SINCE_3, *_SINCE_4, *_SINCE_5)
        order.update({name: blank[name] for name in added if name not in order})
