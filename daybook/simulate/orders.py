"""An order and all that becomes of it, told by the shop's servers."""

from dataclasses import dataclass
from typing import Any

from daybook.simulate.message import ORDERS
from daybook.simulate.plan import DAY_MS
from daybook.simulate.visit import Visit

PRODUCTS = tuple((f"product-{n}", f"Thing No. {n}", 250 * n) for n in range(1, 41))
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Order:
    order_id: str
    currency: str
    total_cents: int


def basket(visit: Visit) -> list[dict[str, Any]]:
    items = []
    for _ in range(visit.dice.choice((1, 1, 1, 2, 3))):
        product, name, cents = visit.dice.choice(PRODUCTS)
        quantity = visit.dice.choice((1, 1, 1, 2))
        items.append(
            {
                "product_id": product,
                "product_name": name,
                "quantity": quantity,
                "price_cents": cents,
            }
        )
    return items


def place(visit: Visit, items: list[dict[str, Any]], **of: Any) -> Order:
    """An order of the items; `of` names funnel, step and ticketed event."""
    person = visit.person
    total = sum(item["quantity"] * item["price_cents"] for item in items)
    order = Order(visit.dice.uuid(), person.currency, total)
    told = {
        "order_id": order.order_id,
        "currency": order.currency,
        "total_cents": total,
        "user_id": person.user,
        "visitor_id": person.visitor,
        "session_id": visit.session,
        "items": items,
    }
    visit.serve(ORDERS, "order.created", 200, told | of)
    _attribute(visit, order)
    if _pay(visit, order):
        _fulfil(visit, order)
    return order


def _pay(visit: Visit, order: Order) -> bool:
    dice = visit.dice
    one = {"order_id": order.order_id}
    paid = one | {"currency": order.currency, "amount_cents": order.total_cents}
    at_ms = 2_000
    visit.serve(ORDERS, "order.payment_initiated", at_ms, paid)
    if dice.chance(0.1):
        visit.serve(ORDERS, "order.payment_failed", at_ms + 3_000, one | {"reason": "declined"})
        if dice.chance(0.3):
            visit.serve(ORDERS, "order.cancelled", at_ms + _MINUTE_MS, one)
            return False
        at_ms += 30_000
        visit.serve(ORDERS, "order.payment_initiated", at_ms, paid)
    visit.serve(ORDERS, "order.payment_succeeded", at_ms + 4_000, paid)
    visit.serve(ORDERS, "order.confirmed", at_ms + 6_000, one)
    return True


def _fulfil(visit: Visit, order: Order) -> None:
    dice = visit.dice
    one = {"order_id": order.order_id}
    if dice.chance(0.03):
        cancelled = one | {"refund_cents": order.total_cents, "reason": "out of stock"}
        visit.serve(ORDERS, "order.cancelled", dice.about_ms(7_200), cancelled)
        return
    shipped_ms = 60 * _MINUTE_MS + dice.about_ms(14_400)
    visit.serve(ORDERS, "order.shipped", shipped_ms, one)
    visit.serve(ORDERS, "order.delivered", shipped_ms + DAY_MS, one)
    left = order.total_cents
    while left and dice.chance(0.08):
        cents = left if dice.chance(0.5) else dice.randint(1, left)
        left -= cents
        refunded_ms = shipped_ms + DAY_MS + dice.about_ms(43_200)
        visit.serve(ORDERS, "order.refunded", refunded_ms, one | {"refund_cents": cents})


def _attribute(visit: Visit, order: Order) -> None:
    dice, context = visit.dice, visit.context
    if not dice.chance(0.3):
        return
    owed = {
        "order_id": order.order_id,
        "community_id": f"community-{dice.randint(1, 6)}" if dice.chance(0.5) else None,
        "promotion_id": f"promotion-{dice.randint(1, 3)}" if dice.chance(0.3) else None,
        "source": context.get("source"),
        "medium": context.get("utm_medium"),
        "campaign": context.get("utm_campaign"),
    }
    later_ms = dice.choice((1_000, 5_000, 3_600_000))
    visit.serve(ORDERS, "order.attribution_recorded", later_ms, owed)
