"""The effects of an order on the days of the funnel that it names.

The order's first `order.created` determines the funnel for good; it may come after payment and
refunds. Each function changes its own fields in the order's state and yields the effects.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.state import State
from daybook.funnels.apportion import apportion
from models.funnel_revenue import FunnelRevenueDay
from models.order_state import WAITING_REFUNDS_MAX
from schemas.envelope import organization_of

UNATTRIBUTED = "unattributed"


def created(order: State, event: Event) -> Iterator[Effect]:
    """Determines the order's funnel, and books earlier payments and refunds there on their days."""
    if order.get("funnel_settled", True):
        return
    data = event["data"]
    order["funnel_settled"] = True
    kept, order["booked_refunds"] = order["booked_refunds"], []
    if "funnel_id" not in data:
        return
    order["funnel"] = {
        "organization_id": organization_of(event),
        "funnel_id": data["funnel_id"],
        "step_id": data.get("step_id"),
        "products": products(data.get("items", ())),
    }
    for number, payment in enumerate(payments(order)):
        yield from paid(order, payment, is_first=number == 0)
    for number, refund in enumerate(kept):
        yield from refunded(
            order,
            DayHour(refund["date"], refund["hour"]),
            refund["cents"],
            is_first=number == 0,
            is_paired=refund["is_paired"],
        )


def payments(order: State) -> list[dict[str, Any]]:
    """The payments that count, [{date, hour, cents}], the first one first."""
    first = order["payment"]
    if first is None:
        return []
    others = [payment for payment in order["later_payments"] if payment["counted"]]
    return [first | {"cents": first["amount_cents"]}, *others]


def paid_cents(order: State) -> int:
    return sum(payment["cents"] for payment in payments(order))


def booked(order: State) -> Iterator[tuple[str, DayHour, int]]:
    """The order's money as it is counted: `revenue` or `refunded`, its day, and the amount."""
    hour = order["payment"]["hour"]
    for payment in payments(order):
        yield "revenue", DayHour(payment["date"], payment["hour"]), payment["cents"]
    for day, cents in order["refunds"].items():
        yield "refunded", DayHour(day, hour), cents


def paid(order: State, payment: Mapping[str, Any], *, is_first: bool) -> Iterator[Effect]:
    """Books a payment on its day; with the first one, the order and its units."""
    funnel, first = order.get("funnel"), order["payment"]
    if funnel is None:
        return
    day_hour, cents = DayHour(payment["date"], payment["hour"]), payment["cents"]
    yield _effect(funnel, day_hour, "gross_revenue_cents", cents, currency=first["currency"])
    parts = apportion(cents, [p["worth_cents"] for p in funnel["products"]])
    for product, part in zip(funnel["products"], parts, strict=True):
        product["revenue_cents"] += part
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

    Until the funnel is determined, the state keeps it. A refund and a reversal that only cover each
    other (`is_paired`) concern no product.
    """
    if not order.get("funnel_settled", True):
        _keep(order, day_hour, cents, is_paired)
        return
    funnel = order.get("funnel")
    if funnel is None:
        return
    currency = order["payment"]["currency"]
    if is_first:
        yield _effect(funnel, day_hour, "refunded_orders", 1)
    yield _effect(funnel, day_hour, "refunded_cents", cents, currency=currency)
    if is_paired:
        parts = [0] * len(funnel["products"])
    elif cents < 0:
        taken = [p["refunded_cents"] for p in funnel["products"]]
        parts = [-part for part in apportion(-cents, taken)]
    else:
        left = [p["revenue_cents"] - p["refunded_cents"] for p in funnel["products"]]
        parts = apportion(cents, left)
    for product, part in zip(funnel["products"], parts, strict=True):
        product["refunded_cents"] += part
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


_WORTH_MAX = 2**53 - 1
"""The limit for any amount; quantity times price may exceed it."""


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
            "worth_cents": min(found[product_id]["worth_cents"], _WORTH_MAX),
            "revenue_cents": 0,
            "refunded_cents": 0,
        }
        for product_id in sorted(found)
    ]
