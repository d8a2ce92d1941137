"""Counts `analytics_order_funnel` and `analytics_revenue`: an order's progress and its money."""

from daybook.simulate.answer import order_funnels, order_tickets
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
        order_tickets.count(ledger, order)


def _revenue(ledger: Ledger, order: PaidOrder) -> None:
    paid_at = order.payments[0].at
    ledger.currency_counter(REVENUE, (), paid_at, "paid_orders", order.currency)
    for payment in order.payments:
        _money(ledger, order, payment.at, "gross_revenue_cents", payment.cents)
        _split(ledger, order, payment.at, "revenue", payment.cents)
    for at, currency, cents in order.duplicates:
        ledger.counter(REVENUE, (), at, "duplicate_payments")
        ledger.money(REVENUE, (), at, ("duplicate_payment_cents",), currency, cents)
    if order.refunds:
        ledger.counter(REVENUE, (), order.refunds[0].at, "refunded_orders")
    for refund in order.refunds:
        _money(ledger, order, refund.at, "refunded_cents", refund.cents)
        _split(ledger, order, refund.at, "refunded", refund.cents)
        if refund.cents < 0:
            _money(ledger, order, refund.at, "refund_reversed_cents", -refund.cents)
    for at, cents in order.excess:
        _money(ledger, order, at, "refund_excess_cents", cents)


def _money(ledger: Ledger, order: PaidOrder, at: When, field: str, cents: int) -> None:
    ledger.money(REVENUE, (), at, (field,), order.currency, cents)


def _split(ledger: Ledger, order: PaidOrder, at: When, what: str, cents: int) -> None:
    for name in ("community", "promotion"):
        owner = order.owners.get(f"{name}_id")
        path = (f"{what}_by_{name}", key(owner) if owner is not None else UNATTRIBUTED)
        ledger.money(REVENUE, (), at, path, order.currency, cents)
