"""Orders and their payment, delivery and refunds, as the shop's servers report them."""

from dataclasses import dataclass
from typing import Any

from daybook.simulate.dice import Dice
from daybook.simulate.message import ORDERS
from daybook.simulate.plan import DAY_MS
from daybook.simulate.programme import GIGS
from daybook.simulate.visit import Visit

PRODUCTS = tuple((f"product-{n}", f"Thing No. {n}", 250 * n) for n in range(1, 41))
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Order:
    """A placed order."""

    order_id: str
    currency: str
    total_cents: int


def basket(visit: Visit) -> list[dict[str, Any]]:
    """The lines of an order: one to three random products."""
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


def place(visit: Visit, items: list[dict[str, Any]], **links: Any) -> Order:
    """Places an order of the items, with everything that follows.

    `links`: its funnel_id, step_id and, for tickets, event_id.
    """
    person = visit.person
    total = sum(item["quantity"] * item["price_cents"] for item in items)
    order = Order(visit.dice.uuid(), person.currency, total)
    items, links = _by_event(order, items, links)
    data = {
        "order_id": order.order_id,
        "currency": order.currency,
        "total_cents": total,
        "user_id": person.user.id if person.user else None,
        "visitor_id": person.visitor,
        "session_id": visit.session,
        "items": items,
    }
    visit.server_event(ORDERS, "order.created", 200, data | links)
    _attribute(visit, order)
    if _pay(visit, order):
        _fulfil(visit, order)
    return order


def _by_event(
    order: Order, items: list[dict[str, Any]], links: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Some lines name a ticketed event of their own: one ticket of an order for several, a thing of
    an order without tickets, or all lines of an order that names none itself."""
    dice, event = Dice(f"tickets of {order.order_id}"), links.get("event_id")
    first, *others = items
    other = dice.choice(GIGS)
    if event is None:
        if dice.chance(0.05):
            items = [first | {"ticketed_event_id": other}, *others]
    elif dice.chance(0.2):
        links = {name: value for name, value in links.items() if name != "event_id"}
        items = [item | {"ticketed_event_id": event} for item in items]
    elif first["quantity"] > 1 and dice.chance(0.3):
        one = first | {"quantity": 1, "ticketed_event_id": other}
        items = [first | {"quantity": first["quantity"] - 1}, one, *others]
    return items, links


def _pay(visit: Visit, order: Order) -> bool:
    dice = visit.dice
    one = {"order_id": order.order_id}
    paid = one | {"currency": order.currency, "amount_cents": order.total_cents}
    at_ms = 2_000
    visit.server_event(ORDERS, "order.payment_initiated", at_ms, paid)
    if dice.chance(0.1):
        visit.server_event(
            ORDERS, "order.payment_failed", at_ms + 3_000, one | {"reason": "declined"}
        )
        if dice.chance(0.3):
            visit.server_event(ORDERS, "order.cancelled", at_ms + _MINUTE_MS, one)
            return False
        at_ms += 30_000
        visit.server_event(ORDERS, "order.payment_initiated", at_ms, paid)
    for later_ms, payment in _payments(order):
        visit.server_event(ORDERS, "order.payment_succeeded", at_ms + later_ms, one | payment)
    visit.server_event(ORDERS, "order.confirmed", at_ms + 6_000, one)
    return True


def _payments(order: Order) -> list[tuple[int, dict[str, Any]]]:
    """What is paid, and when: mostly everything at once, some orders in two parts or twice."""
    dice, total = Dice(f"payments of {order.order_id}"), order.total_cents
    whole = {"currency": order.currency, "amount_cents": total}
    payments = [(4_000, whole)]
    if dice.chance(0.04):
        deposit = dice.randint(0, total)
        said = {"installment": True} if dice.chance(0.5) else {}
        payments = [(4_000, whole | {"amount_cents": deposit} | said)]
        payments.append((dice.about_ms(7_200), whole | {"amount_cents": total - deposit} | said))
    if dice.chance(0.02):
        other = "USD" if order.currency != "USD" else "EUR"
        currency = order.currency if dice.chance(0.7) else other
        payments.append((dice.about_ms(3_600), whole | {"currency": currency}))
    return payments


def _fulfil(visit: Visit, order: Order) -> None:
    dice, own = visit.dice, Dice(f"reversals of {order.order_id}")
    one = {"order_id": order.order_id}
    if dice.chance(0.03):
        cancelled = one | {"refund_cents": order.total_cents, "reason": "out of stock"}
        visit.server_event(ORDERS, "order.cancelled", dice.about_ms(7_200), cancelled)
        return
    shipped_ms = 60 * _MINUTE_MS + dice.about_ms(14_400)
    visit.server_event(ORDERS, "order.shipped", shipped_ms, one)
    visit.server_event(ORDERS, "order.delivered", shipped_ms + DAY_MS, one)
    left = order.total_cents
    while left and dice.chance(0.08):
        cents = left if dice.chance(0.5) else dice.randint(1, left)
        left -= cents
        refunded_ms = shipped_ms + DAY_MS + dice.about_ms(43_200)
        refund = one | {"refund_cents": cents}
        visit.server_event(ORDERS, "order.refunded", refunded_ms, refund)
        if own.chance(0.25):
            kind = own.choice(("order.refund_failed", "order.dispute_won"))
            visit.server_event(ORDERS, kind, refunded_ms + own.about_ms(14_400), refund)


def _attribute(visit: Visit, order: Order) -> None:
    dice, context = visit.dice, visit.context
    if not dice.chance(0.3):
        return
    attribution = {
        "order_id": order.order_id,
        "community_id": f"community-{dice.randint(1, 6)}" if dice.chance(0.5) else None,
        "promotion_id": f"promotion-{dice.randint(1, 3)}" if dice.chance(0.3) else None,
        "source": context.get("source"),
        "medium": context.get("utm_medium"),
        "campaign": context.get("utm_campaign"),
    }
    later_ms = dice.choice((1_000, 5_000, 3_600_000))
    visit.server_event(ORDERS, "order.attribution_recorded", later_ms, attribution)
