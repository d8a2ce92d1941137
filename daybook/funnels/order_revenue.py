"""The effects of an order on the days of the funnel and of the ticketed events that it names.

The order's first `order.created` determines both for good; it may come after payment and refunds.
Each function changes its own fields in the order's state and yields the effects; those on ticketed
events are in `order_tickets.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.state import State
from daybook.funnels import order_tickets
from daybook.funnels.apportion import share_payment, share_refund
from daybook.funnels.order_payments import booked, payments
from daybook.funnels.visitor_event import milliseconds
from models.funnel_revenue import FunnelRevenueDay
from models.order_state import WAITING_REFUNDS_MAX, WORTH_MAX
from schemas.envelope import organization_of

UNATTRIBUTED = "unattributed"


def created(order: State, event: Event) -> Iterator[Effect]:
    """Determines the order's funnel and ticketed events, and books earlier payments and refunds
    there on their days, as if they came now."""
    if order.get("funnel_settled", True):
        return
    data = event["data"]
    order["funnel_settled"] = True
    kept, order["booked_refunds"] = order["booked_refunds"], []
    if "funnel_id" in data:
        order["funnel"] = {
            "organization_id": organization_of(event),
            "funnel_id": data["funnel_id"],
            "step_id": data.get("step_id"),
            "products": products(data.get("items", ())),
        }
    order["tickets"] = order_tickets.tickets_of(event)
    order["visitor_id"] = data.get("visitor_id")
    order["created_ms"] = milliseconds(event["occurred_at"])
    order["refunded_cents"] = 0
    for number, payment in enumerate(payments(order)):
        yield from paid(order, payment, is_first=number == 0)
    for number, refund in enumerate(kept):
        order["refunded_cents"] += refund["cents"]
        yield from refunded(
            order,
            DayHour(refund["date"], refund["hour"]),
            refund["cents"],
            is_first=number == 0,
            is_paired=refund["is_paired"],
        )


def paid(order: State, payment: Mapping[str, Any], *, is_first: bool) -> Iterator[Effect]:
    """Books a payment on its day; with the first one, the order and its units."""
    yield from order_tickets.paid(order, payment, is_first=is_first)
    funnel, first = order.get("funnel"), order["payment"]
    if funnel is None:
        return
    day_hour, cents = DayHour(payment["date"], payment["hour"]), payment["cents"]
    yield _effect(funnel, day_hour, "gross_revenue_cents", cents, currency=first["currency"])
    parts = share_payment(funnel["products"], cents)
    if is_first:
        yield from _sold(order, day_hour)
    yield from _divide(order, day_hour, "revenue_cents", cents, parts)


def _sold(order: State, day_hour: DayHour) -> Iterator[Effect]:
    funnel = order["funnel"]
    yield _effect(funnel, day_hour, "orders", 1, currency=order["payment"]["currency"])
    for field, key in _keys(order).items():
        yield _effect(funnel, day_hour, field, 1, key=key, part="orders")
    for product in funnel["products"]:
        key, name = encode_key(product["product_id"]), product["name"]
        yield _effect(funnel, day_hour, "units", product["units"])
        yield _effect(funnel, day_hour, "products", product["units"], key=key, part="units")
        if name is not None:
            yield _effect(funnel, day_hour, "products", 0, key=key, name=name)


def refunded(
    order: State, day_hour: DayHour, cents: int, *, is_first: bool, is_paired: bool
) -> Iterator[Effect]:
    """Books a refund, or a reversal below zero, on its own day.

    Until the funnel is determined, the state keeps it. `is_paired` is that of `share_refund`.
    """
    if not order.get("funnel_settled", True):
        _keep(order, day_hour, cents, is_paired)
        return
    yield from order_tickets.refunded(order, day_hour, cents, is_paired=is_paired)
    funnel = order.get("funnel")
    if funnel is None:
        return
    currency = order["payment"]["currency"]
    if is_first:
        yield _effect(funnel, day_hour, "refunded_orders", 1)
    yield _effect(funnel, day_hour, "refunded_cents", cents, currency=currency)
    parts = share_refund(funnel["products"], cents, is_paired=is_paired)
    yield from _divide(order, day_hour, "refunded_cents", cents, parts)


def attributed(order: State, source: str) -> Iterator[Effect]:
    """Moves everything booked so far, on its own days, to the newest source."""
    if "source" not in order or not source:
        return
    before, order["source"] = order["source"], source
    funnel, first = order["funnel"], order["payment"]
    if funnel is None or first is None or before == source:
        return
    paid_on = DayHour(first["date"], first["hour"])
    for name, sign in ((before, -1), (source, 1)):
        key = _key(name)
        yield _effect(funnel, paid_on, "by_source", sign, key=key, part="orders")
        for what, day_hour, cents in booked(order):
            part = f"{what}_cents"
            yield _money(order, day_hour, "by_source", key, part, sign * cents)


def _keep(order: State, day_hour: DayHour, cents: int, is_paired: bool) -> None:
    if len(order["booked_refunds"]) < WAITING_REFUNDS_MAX:
        order["booked_refunds"].append(
            {
                "date": day_hour.day,
                "hour": day_hour.hour,
                "cents": cents,
                "is_paired": is_paired,
            }
        )
    else:
        order["funnel_settled"], order["booked_refunds"] = True, []


def _divide(
    order: State, day_hour: DayHour, part: str, cents: int, parts: list[int]
) -> Iterator[Effect]:
    """Splits an amount by source, step and product; without products it is unattributed."""
    for field, key in _keys(order).items():
        yield _money(order, day_hour, field, key, part, cents)
    for product, share in zip(order["funnel"]["products"], parts, strict=True):
        if share:
            key = encode_key(product["product_id"])
            yield _money(order, day_hour, "products", key, part, share)
    if cents and not any(parts):
        yield _money(order, day_hour, "products", UNATTRIBUTED, part, cents)


def _keys(order: State) -> dict[str, str]:
    return {"by_source": _key(order["source"]), "by_step": _key(order["funnel"]["step_id"])}


def _key(name: str | None) -> str:
    return UNATTRIBUTED if name is None else encode_key(name)


def _money(order: State, day_hour: DayHour, field: str, key: str, part: str, cents: int) -> Effect:
    currency = order["payment"]["currency"]
    return _effect(order["funnel"], day_hour, field, cents, currency=currency, key=key, part=part)


def _effect(
    funnel: Mapping[str, Any], day_hour: DayHour, field: str, value: int, **where: str
) -> Effect:
    document_key = funnel["organization_id"], funnel["funnel_id"]
    return effect(FunnelRevenueDay, day_hour, field, value, of=document_key, **where)


def products(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry per product, sorted by id; lines with quantity 0 are ignored.

    `name`: of the names in the lines, the greatest by code point, or None. `worth_cents`: quantity
    times price, the weight by which the payment is divided.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if not line["quantity"]:
            continue
        new = {"product_id": line["product_id"], "name": None, "units": 0, "worth_cents": 0}
        product = found.setdefault(line["product_id"], new)
        product["name"] = max(product["name"] or "", line.get("product_name", "")) or None
        product["units"] += line["quantity"]
        product["worth_cents"] += line["quantity"] * line["price_cents"]
    return [
        found[product_id]
        | {
            "worth_cents": min(found[product_id]["worth_cents"], WORTH_MAX),
            "revenue_cents": 0,
            "refunded_cents": 0,
        }
        for product_id in sorted(found)
    ]
