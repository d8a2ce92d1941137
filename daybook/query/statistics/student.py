"""Student's t distribution, by the regularised incomplete beta function's continued fraction."""

from math import exp, lgamma, log, log1p

_TINY = 1e-300
_EPSILON = 1e-15
_TERMS_MAX = 10_000
_HALVINGS = 200


def two_sided_p(t: float, freedom: float) -> float:
    """How likely a |t| of at least this is, at that many degrees of freedom, were nothing there."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def two_sided_quantile(confidence: float, freedom: float) -> float:
    """The t that |t| stays under with this confidence (0 < confidence < 1), by halving."""
    alpha, low, high = 1 - confidence, 0.0, 2.0
    while two_sided_p(high, freedom) > alpha:
        low, high = high, high * 2
    for _ in range(_HALVINGS):
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

    Raises ValueError for an x that is not within 0 and 1.
    """
    if not 0 <= x <= 1:
        raise ValueError("x must be within 0 and 1")
    if x in (0.0, 1.0):
        return x
    # The fraction converges quickly on this side only; the other one is the same by symmetry.
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
    raise ArithmeticError(f"no value of the beta function for {x}, {a}, {b}")
