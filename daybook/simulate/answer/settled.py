"""Settles an order: its payments, refunds and owners once all its events are known."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.deed import Deed

PAYMENTS_JUDGED = 101
REFUNDS_WAITING = 1_000
REVERSALS_COUNTED = 1_000


class Booking(NamedTuple):
    """An amount that counts at its own time `at`; `place`: the deed that makes it count.

    `is_paired`: a refund that only a reversal has room for, or that reversal.
    """

    at: When
    cents: int
    place: int
    is_paired: bool = False


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order that was paid.

    `payments`: those that count, the first one first. `duplicates`: the others, each with its
    currency. `refunds`: what is booked of refunds, and of reversals below zero, in this order.
    `excess`: what is not booked of refunds. `owners`: by the attributions' field names, the last
    value given. `created`: the first `order.created`. `cancelled`: the first `order.cancelled`.
    """

    currency: str
    payments: list[Booking]
    duplicates: list[tuple[When, str, int]]
    refunds: list[Booking]
    excess: list[tuple[When, int]]
    owners: dict[str, str | None]
    source: str | None
    created: Deed | None
    cancelled: Booking | None


def paid_order(history: list[Deed]) -> PaidOrder | None:
    """The paid order from its events in the log's order; None if it was never paid."""
    received = [deed for deed in history if deed.kind == "order.payment_succeeded"]
    if not received:
        return None
    created = next((deed for deed in history if deed.kind == "order.created"), None)
    cancelled = (Booking(x.at, 0, x.place) for x in history if x.kind == "order.cancelled")
    counting = _counting(received, created)
    payments = [
        Booking(deed.at, deed.data["amount_cents"], counting[deed.place])
        for deed in received
        if deed.place in counting
    ]
    refunds, excess = _refunds(history, payments)
    attributions = [deed.data for deed in history if deed.kind == "order.attribution_recorded"]
    return PaidOrder(
        received[0].data["currency"],
        payments,
        [
            (deed.at, deed.data["currency"], deed.data["amount_cents"])
            for deed in received
            if deed.place not in counting
        ],
        refunds,
        excess,
        {name: _last(attributions, name) for name in ("community_id", "promotion_id")},
        next((data["source"] for data in reversed(attributions) if data.get("source")), None),
        created,
        next(cancelled, None),
    )


def _counting(received: list[Deed], created: Deed | None) -> dict[int, int]:
    """The places of the payments that count, each with the place from which on it does."""
    currency, paid = received[0].data["currency"], 0
    total = -1
    if created is not None and created.data["currency"] == currency:
        total = created.data["total_cents"]
    places: dict[int, int] = {}
    judged = [deed for deed in received if deed.data["currency"] == currency]
    for deed in judged[:PAYMENTS_JUDGED]:
        cents = deed.data["amount_cents"]
        if not places or deed.data.get("installment"):
            places[deed.place] = deed.place
        elif created is not None and paid + cents <= total:
            places[deed.place] = max(deed.place, created.place)
        else:
            continue
        paid += cents
    return places


def _refunds(
    history: list[Deed], payments: list[Booking]
) -> tuple[list[Booking], list[tuple[When, int]]]:
    """What is booked, in order, and what is excess.

    Refunds wait for payments and reversals, first come, first served; reversals wait for refunds.
    """
    booked: list[Booking] = []
    refunds, reversals = _Queue(1), _Queue(-1)
    lost: list[tuple[When, int]] = []
    for deed in history:
        paid = sum(payment.cents for payment in payments if payment.place <= deed.place)
        room = paid + reversals.length - refunds.length if paid else 0
        cents = deed.data.get("refund_cents", 0)
        if deed.kind in _REFUNDING and cents:
            kept = cents if refunds.times < REFUNDS_WAITING else max(0, min(cents, room))
            refunds.add(deed.at, kept)
            is_early = deed.place < payments[0].place
            lost.append((payments[0].at if is_early else deed.at, cents - kept))
        elif deed.kind in _REVERSING and cents and reversals.times < REVERSALS_COUNTED:
            reversals.add(deed.at, cents)
        if not paid:
            continue
        due = min(refunds.length, paid + reversals.length) - refunds.booked
        back = min(reversals.length, refunds.booked + due) - reversals.booked
        both = min(due, back)
        for queue, part in ((refunds, both), (reversals, both)):
            booked += (Booking(at, c, deed.place, True) for at, c in queue.book(part))
        for queue, part in ((refunds, due - both), (reversals, back - both)):
            booked += (Booking(at, c, deed.place) for at, c in queue.book(part))
    return booked, [(at, cents) for at, cents in [*refunds.items, *lost] if cents]


class _Queue:
    """Amounts that are booked first come, first served, with the given sign."""

    def __init__(self, sign: int) -> None:
        self.items: deque[tuple[When, int]] = deque()
        self.times = self.length = self.booked = 0
        self._sign = sign

    def add(self, at: When, cents: int) -> None:
        self.times += 1
        self.length += cents
        if cents:
            self.items.append((at, cents))

    def book(self, cents: int) -> Iterator[tuple[When, int]]:
        self.booked += cents
        while cents:
            at, first = self.items.popleft()
            if first > cents:
                self.items.appendleft((at, first - cents))
            part = min(first, cents)
            cents -= part
            yield at, self._sign * part


_REFUNDING = ("order.refunded", "order.cancelled")
_REVERSING = ("order.refund_failed", "order.dispute_won")


def _last(attributions: list[dict[str, Any]], name: str) -> str | None:
    return next((data[name] for data in reversed(attributions) if name in data), None)
