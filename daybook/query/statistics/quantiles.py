"""Quantiles of durations, from the histogram buckets in which they are counted."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from daybook.funnels.histogram import BOUNDS

MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)


def quantile_ms(histogram: Mapping[str, int], quantile: Fraction) -> float | None:
    """The nearest-rank quantile in milliseconds, at most 2 % off; None of an empty histogram.

    `histogram` is {bucket: count}, as in `analytics_funnel_step.time_histogram`; 0 < quantile ≤ 1.
    """
    counts = sorted((int(bucket), count) for bucket, count in histogram.items() if count > 0)
    rank = ceil(quantile * sum(count for _, count in counts))
    for bucket, count in counts:
        rank -= count
        if rank <= 0:
            return _middle_ms(bucket)
    return None


def quantile_seconds(histogram: Mapping[str, int], quantile: Fraction) -> int | None:
    """The same in whole seconds, rounded half to even."""
    quantile_value = quantile_ms(histogram, quantile)
    return None if quantile_value is None else round(quantile_value / 1_000)


def _middle_ms(bucket: int) -> float:
    """The value with the same relative distance from the bucket's smallest and largest duration."""
    if not bucket:
        return 0.0
    least = BOUNDS[bucket - 1]
    greatest = BOUNDS[bucket] - 1 if bucket < len(BOUNDS) else least
    return 2 * least * greatest / (least + greatest)
