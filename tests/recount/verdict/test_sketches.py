"""A sketch is what its keys make of it, however they came; one key too few or too many shows."""

import random

import pytest
from datasketches import hll_sketch  # type: ignore[import-untyped]

from daybook.engine.documents.sketches import add_keys
from daybook.recount.verdict.sketches import holding, lacks, united


def stored(keys: list[str], partitions: int, batch: int) -> list[object]:
    """As members store them: each partition's sketch, add_keys batch by batch."""
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
def test_order_batches_and_partitions_make_no_difference(count: int, partitions: int) -> None:
    keys = [f"key {number}" for number in range(count)]
    told = united([holding(keys)])
    for seed in range(5):
        random.Random(seed).shuffle(keys)
        together = united(stored(keys, partitions, batch=37))
        assert not lacks(together, told)
        assert not lacks(told, together)


@pytest.mark.parametrize("count", [1, 5, 200, 380])
def test_of_few_every_key_shows(count: int) -> None:
    keys = [f"key {number}" for number in range(count)]
    whole, fewer = united([holding(keys)]), united([holding(keys[:-1])])
    assert lacks(fewer, whole)
    assert not lacks(whole, fewer)


def test_of_many_some_keys_show() -> None:
    keys = [f"key {number}" for number in range(3_000)]
    whole, fewer = united([holding(keys)]), united([holding(keys[:-30])])
    assert lacks(fewer, whole)
    assert not lacks(whole, fewer)
