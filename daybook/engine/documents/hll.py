"""HyperLogLog sketches as bytes: how many distinct keys there were, without keeping the keys."""

from collections.abc import Iterable
from typing import NamedTuple

from datasketches import (  # type: ignore[import-untyped]
    hll_sketch,
    hll_union,
    tgt_hll_type,
)

LG_K = 12
"""4,096 registers: a standard error of 1.6 % once sketches are united, 1.3 % of one alone."""

# Half the bytes of HLL_8, which are stored and go over the wire twice whenever a sketch grows; the
# estimates are the same, and growing takes as long (1.5 µs).
_TYPE = tgt_hll_type.HLL_4
_DEVIATIONS = 2
"""Of the bounds: 95 % of estimates lie within two standard deviations."""


class Estimate(NamedTuple):
    """Distinct keys, with bounds that hold in 95 of 100 cases; up to some hundreds it is exact."""

    estimate: int
    lower: int
    upper: int


def grown(sketch: bytes | None, keys: Iterable[str]) -> bytes | None:
    """The sketch with these keys in it, begun where there is none; None if it holds them all."""
    found = hll_sketch.deserialize(sketch) if sketch else hll_sketch(LG_K, _TYPE)
    before = found.get_estimate()
    for key in keys:
        found.update(key)
    # Not the bytes: those of a small sketch come in any order.
    return bytes(found.serialize_compact()) if found.get_estimate() > before else None


def united(sketches: Iterable[bytes]) -> Estimate:
    """How many distinct keys are in any of the sketches; nothing at all is 0."""
    union = hll_union(LG_K)
    for sketch in sketches:
        union.update(hll_sketch.deserialize(sketch))
    return Estimate(
        round(union.get_estimate()),
        round(union.get_lower_bound(_DEVIATIONS)),
        round(union.get_upper_bound(_DEVIATIONS)),
    )
