"""Holm's correction for several comparisons (Scandinavian Journal of Statistics 6, 1979)."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """The corrected p-values, in the order given.

    Below α are those of comparisons that may be called significant together: of comparisons without
    a difference, all are then above α in at least 1 − α of all cases. This holds for p-values that
    are valid at every look, too.
    """
    ranked = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(ranked):
        largest = max(largest, min(1.0, p_values[at] * (len(p_values) - rank)))
        corrected[at] = largest
    return corrected
