"""What an order comes to once all of it is known, whatever came first."""

from dataclasses import dataclass
from typing import Any

from daybook.simulate.answer.clock import When
from daybook.simulate.answer.deed import Deed

Booked = list[tuple[When, int]]
"""Cents, each with its time."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Of a paid order. `created` is what its first creation said, and of which organization.

    `refunds` are what was given back of what was paid, `excess` what was beyond; `owners` by the
    fields of attributions, each as the last that named it said.
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


def settled(history: list[Deed]) -> Settled | None:
    """Of an order's events in the log's order; nothing if nobody ever paid."""
    payments = [deed for deed in history if deed.kind == "order.payment_succeeded"]
    if not payments:
        return None
    paid = payments[0].data
    refunds, excess = _refunds(history, paid["amount_cents"])
    told = [deed.data for deed in history if deed.kind == "order.attribution_recorded"]
    return Settled(
        payments[0].at,
        [deed.at for deed in payments[1:]],
        paid["currency"],
        paid["amount_cents"],
        refunds,
        excess,
        {name: _last(told, name) for name in ("community_id", "promotion_id")},
        next((data["source"] for data in reversed(told) if data.get("source")), None),
        next((deed for deed in history if deed.kind == "order.created"), None),
    )


def _refunds(history: list[Deed], left: int) -> tuple[Booked, Booked]:
    refunds, excess = [], []
    for deed in history:
        asked = deed.data.get("refund_cents", 0) if deed.kind in _GIVING_BACK else 0
        given = min(asked, left)
        left -= given
        if given:
            refunds.append((deed.at, given))
        if asked > given:
            excess.append((deed.at, asked - given))
    return refunds, excess


_GIVING_BACK = ("order.refunded", "order.cancelled")


def _last(told: list[dict[str, Any]], name: str) -> str | None:
    return next((data[name] for data in reversed(told) if name in data), None)
