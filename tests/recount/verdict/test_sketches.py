"""Sketches compare equal if they hold the same keys; one key too few or too many is found."""

import random

import pytest
from datasketches import hll_sketch  # type: ignore[import-untyped]

from daybook.engine.documents.sketches import add_keys
from daybook.recount.verdict.sketches import lacks, merged, sketch_of


def stored(keys: list[str], partitions: int, batch: int) -> list[object]:
    """One sketch per partition, add_keys batch by batch, as members do."""
    found = []
    for number in range(partitions):
        sketch: bytes | None = None
        own = keys[number::partitions]
        for begin in range(0, len(own), batch):
            sketch = add_keys(sketch, own[begin : begin + batch]) or sketch
        if sketch:
            found.append(hll_sketch.deserialize(sketch))
    return found


@pytest.mark.parametrize("count", [1, 5, 200, 380, 390, 500, 3_000])
@pytest.mark.parametrize("partitions", [1, 4])
def test_sketches_are_equal_whatever_the_order_batches_and_partitions(
    count: int, partitions: int
) -> None:
    keys = [f"key {number}" for number in range(count)]
    expected = merged([sketch_of(keys)])
    for seed in range(5):
        random.Random(seed).shuffle(keys)
        together = merged(stored(keys, partitions, batch=37))
        assert not lacks(together, expected)
        assert not lacks(expected, together)


@pytest.mark.parametrize("count", [1, 5, 200, 380])
def test_in_a_small_sketch_a_single_missing_key_is_found(count: int) -> None:
    keys = [f"key {number}" for number in range(count)]
    whole, fewer = merged([sketch_of(keys)]), merged([sketch_of(keys[:-1])])
    assert lacks(fewer, whole)
    assert not lacks(whole, fewer)


def test_in_a_large_sketch_30_missing_keys_are_found() -> None:
    keys = [f"key {number}" for number in range(3_000)]
    whole, fewer = merged([sketch_of(keys)]), merged([sketch_of(keys[:-30])])
    assert lacks(fewer, whole)
    assert not lacks(whole, fewer)
