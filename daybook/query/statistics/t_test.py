"""Welch's test: whether two variants' means differ, from sums, sums of squares and counts."""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple

from daybook.query.statistics.student import two_sided_p, two_sided_quantile

CONFIDENCE = 0.95
SEQUENTIAL_VISITORS = 5_000
"""The number of visitors at which a sequential interval is to be narrowest."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`number` visitors' values: their sum, and the sum of their squares."""

    number: int
    total: float
    squares: float
    binary: bool = False

    @property
    def mean(self) -> float:
        return self.total / self.number

    @property
    def variance(self) -> float:
        """Of a rate p(1 − p), else with Bessel's correction. Whole sums are reckoned exactly."""
        if self.binary:
            return self.mean * (1 - self.mean)
        spread = self.number * self.squares - self.total * self.total
        return max(0.0, spread / (self.number * (self.number - 1)))


def successes(count: int, trials: int) -> Sample:
    """Values of 1 and 0: a rate's sample."""
    return Sample(trials, count, count, binary=True)


class Difference(NamedTuple):
    """Of a variant less the control; `p` two-sided, the interval at 95 %."""

    estimate: float
    p: float
    lower: float
    upper: float


def compare(
    control: Sample, variant: Sample, *, relative: bool = False, sequential_at: int | None = None
) -> Difference | None:
    """The difference of the means, or with `relative` as a share of the control's mean.

    With `sequential_at` p and interval hold however often they are looked at; they are narrowest
    at that many visitors in all (Waudby-Smith et al., arXiv 2103.06476, asymptotic confidence
    sequences). None where nothing can be said: fewer than two visitors in a variant, no spread at
    all, or a relative difference to a mean of 0.
    """
    if min(control.number, variant.number) < 2 or (relative and control.mean == 0):
        return None
    by_control, by_variant = control.variance / control.number, variant.variance / variant.number
    estimate, variance = variant.mean - control.mean, by_control + by_variant
    if relative:
        # The delta method, around the control's mean.
        square = control.mean**2
        estimate /= control.mean
        variance = by_variant / square + by_control * variant.mean**2 / square**2
    if variance <= 0:
        return None
    if sequential_at is not None:
        return _sequential(estimate, variance, control.number + variant.number, sequential_at)
    freedom = (by_control + by_variant) ** 2 / (
        by_control**2 / (control.number - 1) + by_variant**2 / (variant.number - 1)
    )
    error = sqrt(variance)
    half = two_sided_quantile(CONFIDENCE, freedom) * error
    return Difference(
        estimate, two_sided_p(estimate / error, freedom), estimate - half, estimate + half
    )


def _sequential(estimate: float, variance: float, number: int, narrowest_at: int) -> Difference:
    alpha = 1 - CONFIDENCE
    rho = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / narrowest_at
    grown, spread = number * rho + 1, variance / (number * rho)
    half = sqrt(2 * spread * grown * log(sqrt(grown) / alpha))
    # The α at which the interval would just reach 0.
    p = min(1.0, sqrt(grown) * exp(-(estimate**2) / (2 * spread * grown)))
    return Difference(estimate, p, estimate - half, estimate + half)
