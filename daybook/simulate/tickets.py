"""The story of tickets: browse, cart, payment, confirmation e-mail, scan at the entrance."""

from daybook.simulate import orders
from daybook.simulate.funnels import TICKETS, TICKETS_STEPS
from daybook.simulate.message import TRACKING
from daybook.simulate.orders import Order
from daybook.simulate.plan import DAY_MS
from daybook.simulate.programme import GIGS, UNKNOWN_GIG
from daybook.simulate.visit import Visit
from daybook.simulate.walk import Route, walk

TICKET_CENTS = (2_500, 4_900, 0)
_PASS_CHANCES = {"browse": 0.6, "cart": 0.7, "payment": 0.85, "confirmation": 0.3}


def buy_tickets(visit: Visit) -> None:
    """Walks through the tickets funnel, with an order at its end."""
    dice = visit.dice
    gig = dice.choice(GIGS) if dice.chance(0.98) else UNKNOWN_GIG
    actions = {
        "browse": lambda v: v.track("view", event_id=gig, funnel_id=TICKETS),
        "cart": lambda v: v.track("cart_add", event_id=gig, quantity=dice.randint(1, 4)),
        "payment": lambda v: v.track("checkout_start", event_id=gig, funnel_id=TICKETS),
        "confirmation": lambda v: _pay(v, gig),
    }
    walk(visit, Route(TICKETS, TICKETS_STEPS, _PASS_CHANCES, actions))


def _pay(visit: Visit, gig: str) -> None:
    dice = visit.dice
    count = dice.randint(1, 4)
    cents = dice.choice(TICKET_CENTS)
    item = {"product_id": f"ticket:{gig}", "quantity": count, "price_cents": cents}
    placed = orders.place(visit, [item], funnel_id=TICKETS, step_id="confirmation", event_id=gig)
    money = {"value_cents": placed.total_cents, "currency": placed.currency}
    quantity = count if count > 1 or dice.chance(0.5) else None
    visit.track("purchase", event_id=gig, quantity=quantity, funnel_id=TICKETS, **money)
    visit.track("conversion", funnel_id=TICKETS, conversion_type="purchase", **money)
    _confirm(visit, gig, placed)
    _admit(visit, gig, placed, count)


def _confirm(visit: Visit, gig: str, placed: Order) -> None:
    dice = visit.dice
    data = {
        "order_id": placed.order_id,
        "event_id": gig if dice.chance(0.95) else None,
        "visitor_id": visit.person.visitor if dice.chance(0.5) else None,
    }
    if dice.chance(0.06):
        visit.server_event(TRACKING, "email_failed", 20_000, data)
    visit.server_event(TRACKING, "email_confirmed", 60_000, data)


def _admit(visit: Visit, gig: str, placed: Order, count: int) -> None:
    """Most tickets are scanned, some twice."""
    dice = visit.dice
    opens_ms = dice.about_ms(DAY_MS / 1000)
    for number in range(count):
        data = {
            "ticket_id": f"{placed.order_id}:{number}",
            "event_id": gig,
            "order_id": placed.order_id,
        }
        for _ in range(dice.choice((0, 1, 1, 1, 1, 2))):
            visit.server_event(TRACKING, "barcode_scanned", opens_ms + dice.about_ms(600), data)
