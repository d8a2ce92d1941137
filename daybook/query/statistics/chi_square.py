"""The chi-square test for a sample ratio mismatch between an experiment's variants."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, sqrt


def sample_ratio_p(visitors: Sequence[int], split: Sequence[float]) -> float | None:
    """The p-value of these numbers of visitors, if they were assigned according to `split`.

    `split` are weights of any sum. A weight of 0 expects nobody and is left out; p is 0 if it has
    visitors all the same. None where there is nothing to test: fewer than two weights above 0, or
    no visitors.
    """
    expecting = [(n, weight) for n, weight in zip(visitors, split, strict=True) if weight > 0]
    all_visitors, all_weights = sum(visitors), sum(weight for _, weight in expecting)
    if all_visitors > sum(n for n, _ in expecting):
        return 0.0
    if len(expecting) < 2 or not all_visitors:
        return None
    expected = [(n, all_visitors * weight / all_weights) for n, weight in expecting]
    return chi_square_p(sum((n - e) ** 2 / e for n, e in expected), len(expecting) - 1)


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
