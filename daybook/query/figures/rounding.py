"""Quotients as reports tell them: null where there is nothing to divide by, shares that add up."""

from collections.abc import Sequence
from fractions import Fraction

from daybook.funnels.apportion import apportion

_HUNDREDTHS_OF_A_PERCENT = 10_000


def rate(part: int, whole: int) -> float | None:
    """0 to 1 where the part is one of the whole; unrounded."""
    return part / whole if whole else None


def average(total: int | None, number: int) -> int | None:
    """Rounded half to even, as stored averages are; null of an unknown total."""
    return round(Fraction(total, number)) if total is not None and number else None


def percentages(weights: Sequence[int]) -> list[float]:
    """Each weight's share of their sum, to two decimals, by largest remainder.

    They add up to 100; all are 0 where the sum is.
    """
    return [part / 100 for part in apportion(_HUNDREDTHS_OF_A_PERCENT, weights)]
