"""Counts `analytics_order_funnel` and `analytics_revenue`: an order's progress and its money."""

from daybook.simulate.answer import order_funnels
from daybook.simulate.answer.clock import When
from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.keys import UNATTRIBUTED, key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.settled import PaidOrder, paid_order
from daybook.simulate.answer.shape import ORDERS, REVENUE

COUNTERS = {
    "order.created": "orders_created",
    "order.payment_initiated": "payments_initiated",
    "order.payment_succeeded": "payments_succeeded",
    "order.payment_failed": "payments_failed",
    "order.confirmed": "orders_confirmed",
    "order.shipped": "orders_shipped",
    "order.delivered": "orders_delivered",
    "order.cancelled": "orders_cancelled",
}


def count(ledger: Ledger, history: list[Deed]) -> None:
    """Counts one order; `history` has all its deeds, in the log's order."""
    for deed in history:
        if field := COUNTERS.get(deed.kind):
            ledger.counter(ORDERS, (), deed.at, field)
    if order := paid_order(history):
        _revenue(ledger, order)
        order_funnels.count(ledger, order)


def _revenue(ledger: Ledger, order: PaidOrder) -> None:
    ledger.currency_counter(REVENUE, (), order.paid_at, "paid_orders", order.currency)
    _money(ledger, order, order.paid_at, "gross_revenue_cents", order.cents)
    _split(ledger, order, order.paid_at, "revenue", order.cents)
    for again in order.paid_again:
        ledger.counter(REVENUE, (), again, "duplicate_payments")
    for number, (at, cents) in enumerate(order.refunds):
        if number == 0:
            ledger.counter(REVENUE, (), at, "refunded_orders")
        _money(ledger, order, at, "refunded_cents", cents)
        _split(ledger, order, at, "refunded", cents)
    for at, cents in order.excess:
        _money(ledger, order, at, "refund_excess_cents", cents)


def _money(ledger: Ledger, order: PaidOrder, at: When, field: str, cents: int) -> None:
    ledger.money(REVENUE, (), at, (field,), order.currency, cents)


def _split(ledger: Ledger, order: PaidOrder, at: When, what: str, cents: int) -> None:
    for name in ("community", "promotion"):
        owner = order.owners.get(f"{name}_id")
        path = (f"{what}_by_{name}", key(owner) if owner is not None else UNATTRIBUTED)
        ledger.money(REVENUE, (), at, path, order.currency, cents)
