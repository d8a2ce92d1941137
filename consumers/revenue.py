"""Counts the payments and refunds of orders, split by community and promotion.

The same amounts are also counted for the funnel that an order names, and for the ticketed events
that its lines are tickets of: see `daybook/funnels/order_revenue.py`.
"""

from collections.abc import Iterator
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Group
from daybook.funnels import order_revenue, order_tickets
from daybook.funnels.order_payments import booked, paid_cents
from daybook.funnels.order_row import CHANGING, order_update
from models.event_revenue import EventRevenueDay
from models.funnel_revenue import FunnelRevenueDay
from models.order_state import (
    LATER_PAYMENTS_MAX,
    REVERSALS_MAX,
    WAITING_REFUNDS_MAX,
    OrderState,
    add_missing,
)
from models.revenue import RevenueDay
from schemas import REVISION
from schemas.catalogue import source

UNATTRIBUTED = "unattributed"
SPLITS = {"community_id": "community", "promotion_id": "promotion"}
"""The fields of an attribution, and the word for each in the names of the maps."""


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, order: State, rules: Rules
) -> Iterator[Effect | RowUpdate]:
    """The effects of one event of an order, and what it changes in the order's row.

    Payments, refunds, reversals and attribution may come in any order; each also counts what waited
    for it.
    """
    add_missing(order)
    yield from _effects(order, event, day_hour)
    if event["event_type"] in CHANGING and (row := order_update(order)):
        yield row


def _effects(order: State, event: Event, day_hour: DayHour) -> Iterator[Effect]:
    data = event["data"]
    match event["event_type"]:
        case "order.created":
            yield from _learn_total(order, data)
            yield from order_revenue.created(order, event)
        case "order.payment_succeeded":
            yield from _pay(order, day_hour, data)
        case "order.refunded" | "order.cancelled" as kind:
            if kind == "order.cancelled":
                yield from order_tickets.cancelled(order, day_hour)
            if cents := data.get("refund_cents", 0):
                yield from _refund(order, _entry(day_hour, cents))
        case "order.refund_failed" | "order.dispute_won":
            if cents := data["refund_cents"]:
                yield from _reverse(order, _entry(day_hour, cents))
        case "order.attribution_recorded":
            for field in SPLITS:
                if field in data:
                    yield from _attribute(order, field, data[field])
            yield from order_revenue.attributed(order, data.get("source", ""))


def _pay(order: State, day_hour: DayHour, data: Event) -> Iterator[Effect]:
    currency, cents = data["currency"], data["amount_cents"]
    if order["payment"] is None:
        yield from _pay_first(order, day_hour, currency, cents)
        return
    later = order["later_payments"]
    if currency == order["payment"]["currency"] and len(later) < LATER_PAYMENTS_MAX:
        room_cents = _total_cents(order) - paid_cents(order)
        counted = data.get("installment", False) or cents <= room_cents
        later.append(_entry(day_hour, cents) | {"counted": counted})
        if counted:
            yield from _count_payment(order, later[-1], is_first=False)
            yield from _settle(order, were_excess=True)
            return
    yield from _duplicate(day_hour, currency, cents, 1)


def _pay_first(order: State, day_hour: DayHour, currency: str, cents: int) -> Iterator[Effect]:
    order["payment"] = {
        "date": day_hour.day,
        "hour": day_hour.hour,
        "currency": currency,
        "amount_cents": cents,
    }
    yield effect(RevenueDay, day_hour, "paid_orders", 1, currency=currency)
    yield from _count_payment(order, _entry(day_hour, cents), is_first=True)
    yield from _settle(order, were_excess=False)
    for refund in order["waiting_refunds"]:
        yield _excess(order, _day_hour(refund), refund["cents"])
    if excess := order["waiting_excess_cents"]:
        order["waiting_excess_cents"] = 0
        yield _excess(order, day_hour, excess)


def _learn_total(order: State, data: Event) -> Iterator[Effect]:
    """Takes the total of the first `order.created`; payments before it that fit into it count."""
    if order["total"] is not None:
        return
    order["total"] = {"currency": data["currency"], "amount_cents": data["total_cents"]}
    first = order["payment"]
    if first is None:
        return
    total_cents, sum_cents = _total_cents(order), first["amount_cents"]
    for payment in order["later_payments"]:
        if not payment["counted"] and sum_cents + payment["cents"] <= total_cents:
            payment["counted"] = True
            yield from _duplicate(_day_hour(payment), first["currency"], payment["cents"], -1)
            yield from _count_payment(order, payment, is_first=False)
        if payment["counted"]:
            sum_cents += payment["cents"]
    yield from _settle(order, were_excess=True)


def _total_cents(order: State) -> int:
    """What the order costs in the currency of its first payment; -1 while nobody has said so."""
    total = order["total"]
    if total is None or total["currency"] != order["payment"]["currency"]:
        return -1
    return int(total["amount_cents"])


def _count_payment(order: State, payment: dict[str, Any], *, is_first: bool) -> Iterator[Effect]:
    day_hour, cents = _day_hour(payment), payment["cents"]
    currency = order["payment"]["currency"]
    yield effect(RevenueDay, day_hour, "gross_revenue_cents", cents, currency=currency)
    yield from _split(order, day_hour, "revenue", cents)
    yield from order_revenue.paid(order, payment, is_first=is_first)


def _duplicate(day_hour: DayHour, currency: str, cents: int, sign: int) -> Iterator[Effect]:
    yield effect(RevenueDay, day_hour, "duplicate_payments", sign)
    yield effect(RevenueDay, day_hour, "duplicate_payment_cents", sign * cents, currency=currency)


def _refund(order: State, refund: dict[str, Any]) -> Iterator[Effect]:
    """Books a refund as far as payments cover it; the rest waits for another payment."""
    order["refunds_asked"] += 1
    may_wait = order["refunds_asked"] <= WAITING_REFUNDS_MAX
    waiting = order["waiting_refunds"]
    if order["payment"] is None:
        if may_wait:
            waiting.append(refund)
        else:
            order["waiting_excess_cents"] += refund["cents"]
        return
    waiting.append(refund)
    yield from _settle(order, were_excess=False)
    if waiting:
        yield _excess(order, _day_hour(refund), waiting[-1]["cents"])
        if not may_wait:
            waiting.pop()


def _reverse(order: State, reversal: dict[str, Any]) -> Iterator[Effect]:
    """Gives back what refunds took; the rest waits for another refund."""
    if order["reversals_asked"] < REVERSALS_MAX:
        order["reversals_asked"] += 1
        order["waiting_reversals"].append(reversal)
        yield from _settle(order, were_excess=True)


def _settle(order: State, *, were_excess: bool) -> Iterator[Effect]:
    """Books what waits, as far as it is covered, on its own days.

    Refunds less reversals stay between 0 and the amount paid. A refund and a reversal that wait for
    each other are booked together. `were_excess`: the refunds that wait count as excess so far.
    """
    paid = paid_cents(order)
    refunds, reversals = order["waiting_refunds"], order["waiting_reversals"]
    if not paid or not (refunds or reversals):
        return
    together = min(_sum(refunds), _sum(reversals)) if refunds and reversals else 0
    room = paid - order["refunded_cents"]
    for cents, is_paired in ((together, True), (room, False)):
        for entry in _take(refunds, cents):
            yield from _book(order, entry, entry["cents"], is_paired=is_paired)
            if were_excess:
                yield _excess(order, _day_hour(entry), -entry["cents"])
        for entry in _take(reversals, cents if is_paired else order["refunded_cents"]):
            yield from _book(order, entry, -entry["cents"], is_paired=is_paired)


def _take(waiting: list[dict[str, Any]], cents: int) -> Iterator[dict[str, Any]]:
    """Removes entries that come to at most `cents` from the front; of the last perhaps a part."""
    taken = 0
    while taken < len(waiting) and cents:
        entry = waiting[taken]
        part = min(cents, entry["cents"])
        cents -= part
        yield entry | {"cents": part}
        if part < entry["cents"]:
            waiting[taken] = entry | {"cents": entry["cents"] - part}
        else:
            taken += 1
    del waiting[:taken]


def _book(order: State, entry: dict[str, Any], cents: int, *, is_paired: bool) -> Iterator[Effect]:
    """Counts a part of a refund, or of a reversal as a negative refund, on its own day."""
    day_hour, currency = _day_hour(entry), order["payment"]["currency"]
    is_first = not order["refunds"]
    if is_first:
        yield effect(RevenueDay, day_hour, "refunded_orders", 1)
    order["refunded_cents"] += cents
    order["refunds"][day_hour.day] = order["refunds"].get(day_hour.day, 0) + cents
    yield effect(RevenueDay, day_hour, "refunded_cents", cents, currency=currency)
    if cents < 0:
        yield effect(RevenueDay, day_hour, "refund_reversed_cents", -cents, currency=currency)
    yield from _split(order, day_hour, "refunded", cents)
    yield from order_revenue.refunded(
        order, day_hour, cents, is_first=is_first, is_paired=is_paired
    )


def _excess(order: State, day_hour: DayHour, cents: int) -> Effect:
    """Refunds beyond the amount paid count in a field of their own, and reduce no revenue."""
    currency = order["payment"]["currency"]
    return effect(RevenueDay, day_hour, "refund_excess_cents", cents, currency=currency)


def _split(order: State, day_hour: DayHour, what: str, cents: int) -> Iterator[Effect]:
    for field in SPLITS:
        yield _share(order, day_hour, f"{what}_by_{SPLITS[field]}", order[field], cents)


def _share(order: State, day_hour: DayHour, field: str, owner: str | None, cents: int) -> Effect:
    key = UNATTRIBUTED if owner is None else encode_key(owner)
    currency = order["payment"]["currency"]
    return effect(RevenueDay, day_hour, field, cents, currency=currency, key=key)


def _attribute(order: State, field: str, owner: str) -> Iterator[Effect]:
    """The newest attribution applies; amounts already counted move to it, on their own days."""
    before, order[field] = order[field], owner
    if order["payment"] is None or before == owner:
        return
    for what, day_hour, cents in booked(order):
        name = f"{what}_by_{SPLITS[field]}"
        yield _share(order, day_hour, name, before, -cents)
        yield _share(order, day_hour, name, owner, cents)


def _entry(day_hour: DayHour, cents: int) -> dict[str, Any]:
    return {"date": day_hour.day, "hour": day_hour.hour, "cents": cents}


def _day_hour(entry: dict[str, Any]) -> DayHour:
    return DayHour(entry["date"], entry["hour"])


def _sum(entries: list[dict[str, Any]]) -> int:
    return sum(entry["cents"] for entry in entries)


GROUP = Group(
    name="sc-analytics-revenue",
    sources=(source("sc.domain.order"),),
    documents=(RevenueDay, FunnelRevenueDay, EventRevenueDay),
    state=OrderState,
    react=react,
    schema_revision=REVISION,
)
