"""`analytics_funnel_revenue`: what the funnel that an order names is paid, and gives back."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.keys import UNATTRIBUTED, key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.settled import Settled
from daybook.simulate.answer.shape import FUNNEL_REVENUE

_WORTH_MAX = 2**53 - 1
"""As for any amount of money."""


def count(ledger: Ledger, order: Settled) -> None:
    if order.created is None or "funnel_id" not in order.created.data:
        return
    told = order.created.data
    names = order.created.organization, told["funnel_id"]
    units: Counter[str] = Counter()
    worth: Counter[str] = Counter()
    for line in told.get("items", ()):
        product, quantity = line["product_id"], line["quantity"]
        if not quantity:
            continue
        units[product] += quantity
        path = ("products", key(product), "name")
        ledger.name(FUNNEL_REVENUE, names, order.paid_at.day, path, line.get("product_name", ""))
        worth[product] = min(_WORTH_MAX, worth[product] + quantity * line["price_cents"])
    by = {
        "by_source": UNATTRIBUTED if order.source is None else key(order.source),
        "by_step": key(told["step_id"]) if told.get("step_id") else UNATTRIBUTED,
    }

    def money(at: When, path: tuple[str, ...], cents: int) -> None:
        ledger.money(FUNNEL_REVENUE, names, at, path, order.currency, cents)

    def divide(at: When, part: str, cents: int, shares: Mapping[str, int]) -> None:
        for field, own in by.items():
            money(at, (field, own, part), cents)
        for product, share in shares.items():
            money(at, ("products", key(product), part), share)
        if not any(shares.values()):
            money(at, ("products", UNATTRIBUTED, part), cents)

    ledger.each(FUNNEL_REVENUE, names, order.paid_at, "orders", order.currency)
    money(order.paid_at, ("gross_revenue_cents",), order.cents)
    ledger.scalar(FUNNEL_REVENUE, names, order.paid_at, "units", units.total())
    for field, own in by.items():
        ledger.entry(FUNNEL_REVENUE, names, order.paid_at.day, (field, own, "orders"))
    for product, number in units.items():
        path = ("products", key(product), "units")
        ledger.entry(FUNNEL_REVENUE, names, order.paid_at.day, path, number)
    left = shares(order.cents, worth)
    divide(order.paid_at, "revenue_cents", order.cents, left)
    for number, (at, cents) in enumerate(order.refunds):
        if number == 0:
            ledger.scalar(FUNNEL_REVENUE, names, at, "refunded_orders")
        money(at, ("refunded_cents",), cents)
        back = shares(cents, left)
        left = {product: left[product] - back[product] for product in left}
        divide(at, "refunded_cents", cents, back)


def shares(cents: int, worth: Mapping[str, int]) -> dict[str, int]:
    """Whole cents by what each product is worth; the rest to the largest remainders, of equal ones
    to the product that comes first by its id. Nothing where nothing is worth anything."""
    whole = sum(worth.values())
    if not whole:
        return dict.fromkeys(worth, 0)
    exact = {product: Fraction(cents * worth[product], whole) for product in sorted(worth)}
    found = {product: floor(share) for product, share in exact.items()}
    for product in _by_remainder(exact)[: cents - sum(found.values())]:
        found[product] += 1
    return found


def _by_remainder(exact: Mapping[str, Fraction]) -> list[str]:
    names: Iterable[str] = exact
    return sorted(names, key=lambda product: floor(exact[product]) - exact[product])
