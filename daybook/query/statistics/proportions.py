"""Wilson's score interval for a rate, and odds ratios with their confidence bounds."""

from math import exp, log, sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution, for 95 % intervals."""


class Interval(NamedTuple):
    lower: float
    upper: float


def wilson(successes: int, trials: int, z: float = Z_95) -> Interval | None:
    """The interval of a rate (Wilson 1927, without continuity correction); None without trials.

    It stays within 0 and 1, and is accurate with few trials, unlike the normal approximation.
    Raises ValueError unless 0 ≤ successes ≤ trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes must be between 0 and the number of trials")
    if not trials:
        return None
    p, square = successes / trials, z * z / trials
    middle = (p + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(p * (1 - p) / trials + square / (4 * trials))
    lower = 0.0 if successes == 0 else max(0.0, middle - half)
    upper = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(lower, upper)


PRIOR = 1.0
"""Added to each cell of the table, so that an empty cell does not make the ratio infinite."""


class Odds(NamedTuple):
    """A ratio with its 95 % confidence bounds."""

    ratio: float
    lower: float
    upper: float


def odds_ratio(
    with_reason: tuple[int, int], without: tuple[int, int], prior: float = PRIOR
) -> Odds:
    """The odds of dropping off with a reason, over those without it. Pairs are (left, went on).

    Bounds by Woolf's logit method. Raises ZeroDivisionError for an empty cell without a prior.
    """
    a, b = (count + prior for count in with_reason)
    c, d = (count + prior for count in without)
    ratio = (a / b) / (c / d)
    half = Z_95 * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return Odds(ratio, exp(log(ratio) - half), exp(log(ratio) + half))
