"""A sketch stays small, however many keys it has."""

from daybook.engine.documents.sketches import add_keys

SKETCH_BYTES_MAX = 8_192


def test_a_sketch_of_a_hundred_thousand_keys_is_small() -> None:
    sketch, largest = None, 0
    for begin in range(0, 100_000, 100):
        sketch = add_keys(sketch, (f"visitor-{n}" for n in range(begin, begin + 100))) or sketch
        largest = max(largest, len(sketch or b""))
    assert largest < SKETCH_BYTES_MAX
