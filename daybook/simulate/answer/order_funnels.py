"""Counts `analytics_funnel_revenue`: payment and refunds in the funnel that an order names."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor
from typing import TypeVar

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.keys import UNATTRIBUTED, key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.settled import Booking, PaidOrder
from daybook.simulate.answer.shape import FUNNEL_REVENUE

Name = TypeVar("Name", str, tuple[bool, str])

_WORTH_MAX = 2**53 - 1
"""The limit for any amount of money."""


def count(ledger: Ledger, order: PaidOrder) -> None:
    """Counts a paid order, if it names a funnel."""
    if order.created is None or "funnel_id" not in order.created.data:
        return
    created, paid_at = order.created.data, order.payments[0].at
    names = order.created.organization, created["funnel_id"]
    units: Counter[str] = Counter()
    worth: Counter[str] = Counter()
    for line in created.get("items", ()):
        product, quantity = line["product_id"], line["quantity"]
        if not quantity:
            continue
        units[product] += quantity
        path = ("products", key(product), "name")
        ledger.name(FUNNEL_REVENUE, names, paid_at.day, path, line.get("product_name", ""))
        worth[product] = min(_WORTH_MAX, worth[product] + quantity * line["price_cents"])
    by = {
        "by_source": UNATTRIBUTED if order.source is None else key(order.source),
        "by_step": key(created["step_id"]) if created.get("step_id") else UNATTRIBUTED,
    }

    def money(at: When, path: tuple[str, ...], cents: int) -> None:
        ledger.money(FUNNEL_REVENUE, names, at, path, order.currency, cents)

    def divide(at: When, part: str, cents: int, shares: Mapping[str, int]) -> None:
        for field, map_key in by.items():
            money(at, (field, map_key, part), cents)
        for product, share in shares.items():
            money(at, ("products", key(product), part), share)
        if not any(shares.values()):
            money(at, ("products", UNATTRIBUTED, part), cents)

    ledger.currency_counter(FUNNEL_REVENUE, names, paid_at, "orders", order.currency)
    ledger.counter(FUNNEL_REVENUE, names, paid_at, "units", units.total())
    for field, map_key in by.items():
        ledger.map_counter(FUNNEL_REVENUE, names, paid_at.day, (field, map_key, "orders"))
    for product, number in units.items():
        path = ("products", key(product), "units")
        ledger.map_counter(FUNNEL_REVENUE, names, paid_at.day, path, number)
    if order.refunds:
        ledger.counter(FUNNEL_REVENUE, names, order.refunds[0].at, "refunded_orders")
    earned, refunded = Counter[str](), Counter[str]()
    for what, booking in _in_turn(order, order.created.place):
        at, cents = booking.at, booking.cents
        if what == "revenue":
            parts = shares(cents, worth)
            earned.update(parts)
            money(at, ("gross_revenue_cents",), cents)
        else:
            money(at, ("refunded_cents",), cents)
            if booking.is_paired:
                parts = {}
            elif cents > 0:
                parts = shares(cents, {name: earned[name] - refunded[name] for name in worth})
            else:
                back = shares(-cents, {name: refunded[name] for name in worth})
                parts = {name: -share for name, share in back.items()}
            refunded.update(parts)
        divide(at, f"{what}_cents", cents, parts)


def _in_turn(order: PaidOrder, created: int) -> list[tuple[str, Booking]]:
    """Payments and refunds in the order in which they reach the funnel: not before it is known,
    and of the same deed payments first."""
    turns = [("revenue", booking) for booking in order.payments]
    turns += [("refunded", booking) for booking in order.refunds]
    return sorted(turns, key=lambda turn: (max(turn[1].place, created), turn[0] != "revenue"))


def shares(cents: int, worth: Mapping[Name, int]) -> dict[Name, int]:
    """Whole cents in proportion to each part's worth. The rest goes to the largest remainders; of
    equal ones, to the lower name. All shares are 0 if the parts are worth nothing."""
    whole = sum(worth.values())
    if not whole:
        return dict.fromkeys(worth, 0)
    exact = {name: Fraction(cents * worth[name], whole) for name in sorted(worth)}
    parts = {name: floor(share) for name, share in exact.items()}
    for name in _by_remainder(exact)[: cents - sum(parts.values())]:
        parts[name] += 1
    return parts


def _by_remainder(exact: Mapping[Name, Fraction]) -> list[Name]:
    names: Iterable[Name] = exact
    return sorted(names, key=lambda name: floor(exact[name]) - exact[name])
