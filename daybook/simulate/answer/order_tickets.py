"""Counts `analytics_event_revenue`: the tickets of an order's lines, and their money."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.order_funnels import shares
from daybook.simulate.answer.settled import Booking, PaidOrder
from daybook.simulate.answer.shape import EVENT_REVENUE

Part = tuple[bool, str]
"""The ticketed event of lines, (False, its id); (True, "") of those that are no tickets."""

_WORTH_MAX = 2**53 - 1


def count(ledger: Ledger, order: PaidOrder) -> None:
    """Counts a paid order, if it has tickets."""
    if order.created is None:
        return
    units, worth = _lines(order.created.data)
    events = {part: (order.created.organization, part[1]) for part in worth if not part[0]}
    first, earned, refunded = order.payments[0], Counter[Part](), Counter[Part]()
    for part, names in events.items():
        ledger.currency_counter(EVENT_REVENUE, names, first.at, "orders", order.currency)
        ledger.counter(EVENT_REVENUE, names, first.at, "tickets_sold", units[part])
    paid = taken = 0
    is_cancelled = is_back = False
    for what, booking in _in_turn(order, order.created.place):
        divided: Mapping[Part, int] = {}
        if what == "cancelled":
            is_cancelled = True
        elif what == "gross_revenue_cents":
            paid += booking.cents
            divided = shares(booking.cents, worth)
            earned.update(divided)
        elif booking.cents > 0:
            taken += booking.cents
            divided = shares(booking.cents, {part: earned[part] - refunded[part] for part in worth})
            refunded.update(divided)
        else:
            taken += booking.cents
            back = shares(-booking.cents, {part: refunded[part] for part in worth})
            divided = {part: -share for part, share in back.items()}
            refunded.update(divided)
        were_back, is_back = is_back, is_cancelled or (paid > 0 and taken >= paid)
        for part, names in events.items():
            if cents := divided.get(part):
                ledger.money(EVENT_REVENUE, names, booking.at, (what,), order.currency, cents)
            tickets = (is_back - were_back) * units[part]
            ledger.counter(EVENT_REVENUE, names, booking.at, "tickets_returned", tickets)


def _lines(created: Mapping[str, Any]) -> tuple[Counter[Part], dict[Part, int]]:
    """How many tickets an order has of each event, and what their lines are worth."""
    units, costs = Counter[Part](), Counter[Part]()
    for line in created.get("items", ()):
        event = line.get("ticketed_event_id") or created.get("event_id")
        part = event is None, event or ""
        if line["quantity"]:
            units[part] += line["quantity"]
            costs[part] += line["quantity"] * line["price_cents"]
    if not units and "event_id" in created:
        units[False, created["event_id"]] = 0
    weights = (
        costs if any(costs.values()) else {part: number or 1 for part, number in units.items()}
    )
    return units, {part: min(_WORTH_MAX, weight) for part, weight in weights.items()}


def _in_turn(order: PaidOrder, created: int) -> list[tuple[str, Booking]]:
    """What happens to the tickets, in order, once the order is known and paid: payments, then the
    cancellation, then refunds, except those that only a reversal has room for."""
    turns = [(max(booking.place, created), 0, booking) for booking in order.payments]
    if order.cancelled:
        sold = max(order.payments[0].place, created)
        turns.append((max(order.cancelled.place, sold), 1, order.cancelled))
    turns += [(max(one.place, created), 2, one) for one in order.refunds if not one.is_paired]
    names = "gross_revenue_cents", "cancelled", "refunded_cents"
    return [(names[kind], one) for _, kind, one in sorted(turns, key=lambda turn: turn[:2])]
