"""Odds ratios: how much more often a reason goes with leaving than with going on."""

from math import exp, log, sqrt
from typing import NamedTuple

from daybook.query.statistics.proportions import Z_95

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
