"""Wilson's score interval: what a rate may be, seen from a number of trials."""

from math import exp, log, sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054
"""The standard normal's 97.5 % quantile: intervals hold in 95 cases of 100."""


class Interval(NamedTuple):
    lower: float
    upper: float


def wilson(successes: int, trials: int, z: float = Z_95) -> Interval | None:
    """The interval of a rate (Wilson 1927, without continuity correction); None without trials.

    It stays within 0 and 1, and is of use with few trials, where the normal one is not.
    Raises ValueError where the successes are no part of the trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes must be a part of the trials")
    if not trials:
        return None
    p, square = successes / trials, z * z / trials
    middle = (p + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(p * (1 - p) / trials + square / (4 * trials))
    lower = 0.0 if successes == 0 else max(0.0, middle - half)
    upper = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(lower, upper)


PRIOR = 1.0
"""Added to each cell of the table, so that an empty one makes no ratio endless."""


class Odds(NamedTuple):
    """A ratio with the bounds that hold in 95 cases of 100."""

    ratio: float
    lower: float
    upper: float


def odds_ratio(
    with_reason: tuple[int, int], without: tuple[int, int], prior: float = PRIOR
) -> Odds:
    """The odds of having left (left, went on) with the reason, over those without it.

    Bounds by Woolf's logarithms. Raises ZeroDivisionError for an empty cell without a prior.
    """
    a, b = (count + prior for count in with_reason)
    c, d = (count + prior for count in without)
    ratio = (a / b) / (c / d)
    half = Z_95 * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return Odds(ratio, exp(log(ratio) - half), exp(log(ratio) + half))
