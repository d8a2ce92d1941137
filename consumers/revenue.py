"""Counts the payments and refunds of orders, split by community and promotion.

The same amounts are also counted for the funnel that an order names: see
`daybook/funnels/order_revenue.py`.
"""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Group
from daybook.funnels import order_revenue
from models.funnel_revenue import FunnelRevenueDay
from models.order_state import WAITING_REFUNDS_MAX, OrderState
from models.revenue import RevenueDay
from schemas import REVISION
from schemas.catalogue import source

UNATTRIBUTED = "unattributed"
SPLITS = {"community_id": "community", "promotion_id": "promotion"}
"""The fields of an attribution, and the word for each in the names of the maps."""


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, order: State, rules: Rules
) -> Iterator[Effect]:
    """The effects of one event of an order.

    Payment, refunds and attribution may come in any order; each also counts what waited for it.
    """
    data = event["data"]
    match event["event_type"]:
        case "order.created":
            yield from order_revenue.created(order, event)
        case "order.payment_succeeded":
            yield from _pay(order, day_hour, data["currency"], data["amount_cents"])
        case "order.refunded" | "order.cancelled":
            if cents := data.get("refund_cents", 0):
                yield from _refund(order, day_hour, cents)
        case "order.attribution_recorded":
            for field in SPLITS:
                if field in data:
                    yield from _attribute(order, field, data[field])
            yield from order_revenue.attributed(order, data.get("source", ""))


def _pay(order: State, day_hour: DayHour, currency: str, cents: int) -> Iterator[Effect]:
    if order["payment"]:
        yield effect(RevenueDay, day_hour, "duplicate_payments", 1)
        return
    order["payment"] = {
        "date": day_hour.day,
        "hour": day_hour.hour,
        "currency": currency,
        "amount_cents": cents,
    }
    yield effect(RevenueDay, day_hour, "paid_orders", 1, currency=currency)
    yield effect(RevenueDay, day_hour, "gross_revenue_cents", cents, currency=currency)
    yield from _split(order, day_hour, "revenue", cents)
    yield from order_revenue.paid(order)
    waiting, excess = order["waiting_refunds"], order["waiting_excess_cents"]
    order["waiting_refunds"], order["waiting_excess_cents"] = [], 0
    for refund in waiting:
        yield from _book_refund(order, DayHour(refund["date"], refund["hour"]), refund["cents"])
    if excess:
        yield effect(RevenueDay, day_hour, "refund_excess_cents", excess, currency=currency)


def _refund(order: State, day_hour: DayHour, cents: int) -> Iterator[Effect]:
    if order["payment"]:
        yield from _book_refund(order, day_hour, cents)
    elif len(order["waiting_refunds"]) < WAITING_REFUNDS_MAX:
        order["waiting_refunds"].append(
            {"date": day_hour.day, "hour": day_hour.hour, "cents": cents}
        )
    else:
        order["waiting_excess_cents"] += cents


def _book_refund(order: State, day_hour: DayHour, cents: int) -> Iterator[Effect]:
    """Counts a refund; all refunds together are limited to the amount paid.

    The excess is counted in a field of its own, and never subtracted from revenue.
    """
    payment = order["payment"]
    currency = payment["currency"]
    booked = min(cents, payment["amount_cents"] - order["refunded_cents"])
    if booked:
        is_first = not order["refunds"]
        if is_first:
            yield effect(RevenueDay, day_hour, "refunded_orders", 1)
        order["refunded_cents"] += booked
        order["refunds"][day_hour.day] = order["refunds"].get(day_hour.day, 0) + booked
        yield effect(RevenueDay, day_hour, "refunded_cents", booked, currency=currency)
        yield from _split(order, day_hour, "refunded", booked)
        yield from order_revenue.refunded(order, day_hour, booked, is_first=is_first)
    if cents > booked:
        yield effect(RevenueDay, day_hour, "refund_excess_cents", cents - booked, currency=currency)


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
    payment = order["payment"]
    if payment is None or before == owner:
        return
    booked = [("revenue", payment["date"], payment["amount_cents"])]
    booked += [("refunded", day, cents) for day, cents in order["refunds"].items()]
    for what, day, cents in booked:
        day_hour = DayHour(day, payment["hour"])
        name = f"{what}_by_{SPLITS[field]}"
        yield _share(order, day_hour, name, before, -cents)
        yield _share(order, day_hour, name, owner, cents)


GROUP = Group(
    name="sc-analytics-revenue",
    sources=(source("sc.domain.order"),),
    documents=(RevenueDay, FunnelRevenueDay),
    state=OrderState,
    react=react,
    schema_revision=REVISION,
)
