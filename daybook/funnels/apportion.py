"""Divides an amount in whole cents, so that the parts add up to it."""

from collections.abc import Sequence


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
