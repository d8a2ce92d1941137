"""The chi-square test for a sample ratio mismatch between an experiment's variants."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, sqrt


def sample_ratio_p(visitors: Sequence[int], split: Sequence[float]) -> float | None:
    """The p-value of these numbers of visitors, if they were assigned according to `split`.

    `split` are weights of any sum. None where there is nothing to test: fewer than two variants,
    a weight of 0 or less, or no visitors.
    """
    all_visitors, all_weights = sum(visitors), sum(split)
    if len(visitors) < 2 or not all_visitors or min(split) <= 0:
        return None
    expected = [all_visitors * weight / all_weights for weight in split]
    square = sum((n - e) ** 2 / e for n, e in zip(visitors, expected, strict=True))
    return chi_square_p(square, len(visitors) - 1)


def chi_square_p(square: float, freedom: int) -> float:
    """The upper tail probability, for an integer number of degrees of freedom of at least 1.

    Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1), from Q(½, x) = erfc √x or Q(1, x) = e⁻ˣ
    (Abramowitz & Stegun 6.5.21).
    """
    x = square / 2
    if not x:
        return 1.0
    a, tail = (0.5, erfc(sqrt(x))) if freedom % 2 else (1.0, exp(-x))
    while a < freedom / 2:
        tail += exp(a * log(x) - x - lgamma(a + 1))
        a += 1
    return tail
