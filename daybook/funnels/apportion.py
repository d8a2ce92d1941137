"""Divides an order's money among its parts, in whole cents that add up.

A part is a product of the order's lines, or a ticketed event: a dictionary with `worth_cents`, its
weight, and with its shares so far of payments, `revenue_cents`, and of refunds, `refunded_cents`.
"""

from collections.abc import Sequence
from typing import Any


def apportion(cents: int, weights: Sequence[int]) -> list[int]:
    """The part of each weight, by largest remainder; of equal remainders, the earlier one first.

    All parts are 0 if all weights are. If `cents` is at most the sum of the weights, no part is
    greater than its weight.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [cents * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(cents * weights[i] % whole), i))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return parts


def share_payment(parts: Sequence[dict[str, Any]], cents: int) -> list[int]:
    """Adds each part's share of a payment, by worth, and returns the shares."""
    shares = apportion(cents, [part["worth_cents"] for part in parts])
    for part, share in zip(parts, shares, strict=True):
        part["revenue_cents"] += share
    return shares


def share_refund(parts: Sequence[dict[str, Any]], cents: int, *, is_paired: bool) -> list[int]:
    """Adds each part's share of a refund, or of a reversal below zero, and returns the shares.

    A refund is divided by what is left of each part's revenue, a reversal by what was refunded. A
    refund and a reversal that only cover each other (`is_paired`) concern no part.
    """
    if is_paired:
        shares = [0] * len(parts)
    elif cents < 0:
        taken = [part["refunded_cents"] for part in parts]
        shares = [-share for share in apportion(-cents, taken)]
    else:
        left = [part["revenue_cents"] - part["refunded_cents"] for part in parts]
        shares = apportion(cents, left)
    for part, share in zip(parts, shares, strict=True):
        part["refunded_cents"] += share
    return shares
