"""Seeded bugs of what orders count: payments, refunds, reversals, funnels, tickets."""

from tests.mutants.mutant import Mutant

PROTOCOL = ("tests/engine/protocol/test_protocol.py",)
TICKETS = ("tests/recount/revenue/test_tickets.py",)

ORDERS = (
    Mutant(
        "refunds split by a product's revenue, not by what is left of it",
        "daybook/funnels/apportion.py",
        'left = [part["revenue_cents"] - part["refunded_cents"] for part in parts]',
        'left = [part["revenue_cents"] for part in parts]',
        ("tests/funnels/test_apportion.py",),
    ),
    Mutant(
        "the total has room for every payment",
        "consumers/revenue.py",
        "room_cents = _total_cents(order) - paid_cents(order)",
        "room_cents = _total_cents(order)",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "a late total admits no payment",
        "consumers/revenue.py",
        'if not payment["counted"] and sum_cents + payment["cents"] <= total_cents:',
        "if False:",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "payments without end are remembered",
        "consumers/revenue.py",
        "len(later) < LATER_PAYMENTS_MAX",
        "len(later) >= 0",
        ("tests/recount/revenue/test_payments.py", "-k", "hundred"),
    ),
    Mutant(
        "excess that a later payment covers stays excess",
        "consumers/revenue.py",
        "            if were_excess:\n",
        "            if False:\n",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "a reversal gives back more than refunds took",
        "consumers/revenue.py",
        'cents if is_paired else order["refunded_cents"]',
        "cents if is_paired else paid",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "a reversal is divided by what is left of each product",
        "daybook/funnels/apportion.py",
        'taken = [part["refunded_cents"] for part in parts]',
        'taken = [part["revenue_cents"] - part["refunded_cents"] for part in parts]',
        ("tests/funnels/test_apportion.py",),
    ),
    Mutant(
        "the recount counts every payment that is no larger than the total",
        "daybook/recount/revenue/payments.sql",
        "coalesce(w.sum_cents + j.cents <= total_cents, false) AS fits",
        "coalesce(j.cents <= total_cents, false) AS fits",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "the known answer forgets what reversals give back",
        "daybook/simulate/answer/settled.py",
        "room = paid + reversals.length - refunds.length if paid else 0",
        "room = paid - refunds.length if paid else 0",
        ("tests/simulate/answer/test_orders.py", "-k", "thousand"),
    ),
    Mutant(
        "a full refund returns no tickets",
        "daybook/funnels/order_tickets.py",
        '0 < paid_cents(order) <= order["refunded_cents"]',
        '0 < paid_cents(order) < order["refunded_cents"]',
        TICKETS,
    ),
    Mutant(
        "a line's own event is ignored if the order names one",
        "daybook/funnels/order_tickets.py",
        'line.get("ticketed_event_id", data.get("event_id"))',
        'data.get("event_id", line.get("ticketed_event_id"))',
        ("tests/funnels/test_order_tickets.py",),
    ),
    Mutant(
        "a cancellation before the payment is forgotten",
        "daybook/funnels/order_tickets.py",
        'order["cancelled"] = {"date": day_hour.day, "hour": day_hour.hour}',
        'order["cancelled"] = order["payment"] and {"date": day_hour.day, "hour": day_hour.hour}',
        (TICKETS[0], "-k", "any_order"),
    ),
    Mutant(
        "the recount gives a ticketed event all the money of an order",
        "daybook/recount/revenue/tickets.sql",
        'topic_id, partition, "offset", s.cents AS amount',
        'topic_id, partition, "offset", p.cents AS amount',
        TICKETS,
    ),
    Mutant(
        "a funnel's refunds forgotten until its order is created",
        "daybook/funnels/order_revenue.py",
        "        _keep(order, day_hour, cents, is_paired)\n        return",
        "        return",
        PROTOCOL,
    ),
    Mutant(
        "a new source moves the money but not the order count",
        "daybook/funnels/order_revenue.py",
        """        yield _effect(funnel, paid_on, "by_source", sign, key=key, part="orders")
""",
        "",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
)
