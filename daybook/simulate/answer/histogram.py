"""The buckets of times: each bound is about 4 % above the one before."""

from bisect import bisect_right

_bounds = [1]


def bucket(ms: int) -> int:
    """0 for no time at all, else the largest i with b(i) <= ms; b(1) = 1."""
    while _bounds[-1] <= ms:
        _bounds.append(max(_bounds[-1] + 1, _bounds[-1] * 51 // 49))
    return bisect_right(_bounds, ms)
