"""Welch's t-test for the difference of two variants' means, from sums, squares and counts."""

from dataclasses import dataclass
from math import exp, lgamma, log, log1p, sqrt
from typing import NamedTuple

CONFIDENCE = 0.95
SEQUENTIAL_VISITORS = 5_000
"""The number of visitors at which a sequential interval is narrowest."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of `number` visitors: their sum, and the sum of their squares."""

    number: int
    total: float
    squares: float
    binary: bool = False

    @property
    def mean(self) -> float:
        return self.total / self.number

    @property
    def variance(self) -> float:
        """p(1 − p) for a rate, else with Bessel's correction. Integer sums are computed exactly."""
        if self.binary:
            return self.mean * (1 - self.mean)
        spread = self.number * self.squares - self.total * self.total
        return max(0.0, spread / (self.number * (self.number - 1)))


def successes(count: int, trials: int) -> Sample:
    """The sample of a rate: `count` values of 1, the others 0."""
    return Sample(trials, count, count, binary=True)


class Difference(NamedTuple):
    """A variant's mean minus the control's; `p` is two-sided, the interval 95 %."""

    estimate: float
    p: float
    lower: float
    upper: float


def compare(
    control: Sample, variant: Sample, *, relative: bool = False, sequential_at: int | None = None
) -> Difference | None:
    """The difference of the means, or with `relative` as a share of the control's mean.

    With `sequential_at` p and interval remain valid however often they are checked; the interval is
    narrowest at that total number of visitors (Waudby-Smith et al., arXiv 2103.06476, asymptotic
    confidence sequences). None if undefined: fewer than two visitors in a variant, no variance, or
    a relative difference to a mean of 0.
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


_TINY = 1e-300
_EPSILON = 1e-15
_TERMS_MAX = 10_000
_BISECTIONS = 200


def two_sided_p(t: float, freedom: float) -> float:
    """The probability of a |t| of at least this size under the null hypothesis."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def two_sided_quantile(confidence: float, freedom: float) -> float:
    """The t that |t| stays below with this confidence (0 < confidence < 1), by bisection."""
    alpha, low, high = 1 - confidence, 0.0, 2.0
    while two_sided_p(high, freedom) > alpha:
        low, high = high, high * 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if two_sided_p(middle, freedom) > alpha:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), a and b above 0 (Abramowitz & Stegun 26.5.8).

    Raises ValueError for an x outside 0 to 1.
    """
    if not 0 <= x <= 1:
        raise ValueError("x must be between 0 and 1")
    if x in (0.0, 1.0):
        return x
    # The fraction converges quickly on this side only; the other side follows by symmetry.
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction's denominator, by the modified Lentz method (DLMF 3.10, 8.17.22)."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, _TERMS_MAX):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        step = c * d
        value *= step
        if abs(step - 1) < _EPSILON:
            return value
    raise ArithmeticError(f"the incomplete beta function did not converge for x={x}, a={a}, b={b}")
