"""Rates, averages and percentages; null where the divisor is 0, percentages that add up."""

from collections.abc import Sequence
from fractions import Fraction

from daybook.funnels.apportion import apportion

_HUNDREDTHS_OF_A_PERCENT = 10_000


def rate(part: int, whole: int) -> float | None:
    """`part / whole`, unrounded; None if `whole` is 0."""
    return part / whole if whole else None


def average(total: int | None, number: int) -> int | None:
    """Rounded half to even, like stored averages; None if the total is unknown or `number` is 0."""
    return round(Fraction(total, number)) if total is not None and number else None


def percentages(weights: Sequence[int]) -> list[float]:
    """Each weight's share of their sum, to two decimals, by largest remainder.

    They add up to 100, or are all 0 if the sum is 0.
    """
    return [part / 100 for part in apportion(_HUNDREDTHS_OF_A_PERCENT, weights)]
