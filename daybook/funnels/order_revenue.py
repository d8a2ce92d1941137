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
    booked, order["booked_refunds"] = order["booked_refunds"], []
    if "funnel_id" not in data:
        return
    order["funnel"] = {
        "organization_id": organization_of(event),
        "funnel_id": data["funnel_id"],
        "step_id": data.get("step_id"),
        "products": products(data.get("items", ())),
    }
    if order["payment"]:
        yield from paid(order)
    for number, refund in enumerate(booked):
        day_hour = DayHour(refund["date"], refund["hour"])
        yield from refunded(order, day_hour, refund["cents"], is_first=number == 0)


def paid(order: State) -> Iterator[Effect]:
    """Books the payment, which the state already holds, on its day."""
    funnel = order.get("funnel")
    if funnel is None:
        return
    payment = order["payment"]
    day_hour, currency = DayHour(payment["date"], payment["hour"]), payment["currency"]
    yield _effect(funnel, day_hour, "orders", 1, currency=currency)
    yield _effect(
        funnel, day_hour, "gross_revenue_cents", payment["amount_cents"], currency=currency
    )
    for field, key in _keys(order).items():
        yield _effect(funnel, day_hour, field, 1, key=key, part="orders")
    parts = apportion(payment["amount_cents"], [p["worth_cents"] for p in funnel["products"]])
    for product, cents in zip(funnel["products"], parts, strict=True):
        key, name = encode_key(product["product_id"]), product["name"]
        product["revenue_cents"] = cents
        yield _effect(funnel, day_hour, "units", product["units"])
        yield _effect(funnel, day_hour, "products", product["units"], key=key, part="units")
        if name is not None:
            yield _effect(funnel, day_hour, "products", 0, key=key, name=name)
    yield from _divide(order, day_hour, "revenue_cents", payment["amount_cents"], parts)


def refunded(order: State, day_hour: DayHour, cents: int, *, is_first: bool) -> Iterator[Effect]:
    """Books a refund on its own day; until the funnel is determined, the state keeps it."""
    if not order.get("funnel_settled", True):
        _keep(order, day_hour, cents)
        return
    funnel = order.get("funnel")
    if funnel is None:
        return
    currency = order["payment"]["currency"]
    if is_first:
        yield _effect(funnel, day_hour, "refunded_orders", 1)
    yield _effect(funnel, day_hour, "refunded_cents", cents, currency=currency)
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
    funnel, payment = order["funnel"], order["payment"]
    if funnel is None or payment is None or before == source:
        return
    paid_on = DayHour(payment["date"], payment["hour"])
    booked = [(paid_on, "revenue_cents", payment["amount_cents"])]
    booked += [(DayHour(d, paid_on.hour), "refunded_cents", c) for d, c in order["refunds"].items()]
    for name, sign in ((before, -1), (source, 1)):
        key = _key(name)
        yield _effect(funnel, paid_on, "by_source", sign, key=key, part="orders")
        for day_hour, part, cents in booked:
            yield _money(order, day_hour, "by_source", key, part, sign * cents)


def _keep(order: State, day_hour: DayHour, cents: int) -> None:
    if len(order["booked_refunds"]) < WAITING_REFUNDS_MAX:
        order["booked_refunds"].append(
            {"date": day_hour.day, "hour": day_hour.hour, "cents": cents}
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
