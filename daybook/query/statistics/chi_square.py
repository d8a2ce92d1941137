"""Whether variants have the visitors that their split lets expect: the chi-square test."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, sqrt


def sample_ratio_p(visitors: Sequence[int], split: Sequence[float]) -> float | None:
    """How likely a split at least this uneven is, were visitors dealt out as they should be.

    `split` are weights of any sum. None where there is nothing to test: fewer than two variants,
    weights that are no split, or no visitors.
    """
    every, whole = sum(visitors), sum(split)
    if len(visitors) < 2 or not every or min(split) <= 0:
        return None
    expected = [every * weight / whole for weight in split]
    square = sum((n - e) ** 2 / e for n, e in zip(visitors, expected, strict=True))
    return chi_square_p(square, len(visitors) - 1)


def chi_square_p(square: float, freedom: int) -> float:
    """The upper tail at a whole number of degrees of freedom, at least 1.

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
