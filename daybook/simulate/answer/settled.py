"""Settles an order: its payment, refunds and owners once all its events are known."""

from dataclasses import dataclass
from typing import Any

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.deed import Deed

Booked = list[tuple[When, int]]
"""Amounts in cents, each with its time."""


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order that was paid.

    `paid_again`: the times of further payments. `refunds`: refunds up to the amount paid, `excess`:
    what exceeds it. `owners`: by the attributions' field names, the last value given. `created`:
    the first `order.created`.
    """

    paid_at: When
    paid_again: list[When]
    currency: str
    cents: int
    refunds: Booked
    excess: Booked
    owners: dict[str, str | None]
    source: str | None
    created: Deed | None


def paid_order(history: list[Deed]) -> PaidOrder | None:
    """The paid order from its events in the log's order; None if it was never paid."""
    payments = [deed for deed in history if deed.kind == "order.payment_succeeded"]
    if not payments:
        return None
    paid = payments[0].data
    refunds, excess = _refunds(history, paid["amount_cents"])
    attributions = [deed.data for deed in history if deed.kind == "order.attribution_recorded"]
    return PaidOrder(
        payments[0].at,
        [deed.at for deed in payments[1:]],
        paid["currency"],
        paid["amount_cents"],
        refunds,
        excess,
        {name: _last(attributions, name) for name in ("community_id", "promotion_id")},
        next((data["source"] for data in reversed(attributions) if data.get("source")), None),
        next((deed for deed in history if deed.kind == "order.created"), None),
    )


def _refunds(history: list[Deed], left: int) -> tuple[Booked, Booked]:
    refunds, excess = [], []
    for deed in history:
        requested = deed.data.get("refund_cents", 0) if deed.kind in _REFUNDING else 0
        booked = min(requested, left)
        left -= booked
        if booked:
            refunds.append((deed.at, booked))
        if requested > booked:
            excess.append((deed.at, requested - booked))
    return refunds, excess


_REFUNDING = ("order.refunded", "order.cancelled")


def _last(attributions: list[dict[str, Any]], name: str) -> str | None:
    return next((data[name] for data in reversed(attributions) if name in data), None)
