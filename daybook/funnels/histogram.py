"""A histogram of durations whose buckets are exact to 2 %, so that quantiles can be read off."""

from bisect import bisect_right

_MS_MAX = 400 * 24 * 3600 * 1000


def _bounds() -> list[int]:
    """b(1) = 1, b(i+1) = max(b(i) + 1, ⌊b(i) · 51 / 49⌋), in milliseconds."""
    bounds = [1]
    while bounds[-1] < _MS_MAX:
        bounds.append(max(bounds[-1] + 1, bounds[-1] * 51 // 49))
    return bounds


BOUNDS = _bounds()


def bucket(milliseconds: int) -> str:
    """A duration's bucket: `"0"` below 1 ms, else the number of the largest bound not above it."""
    return str(bisect_right(BOUNDS, milliseconds))
