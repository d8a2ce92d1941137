"""Caches stay small, whatever clients send: long texts, which gzip makes cheap, are not cached."""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from daybook.collector.acquisition.origin import Origins
from daybook.collector.acquisition.url import PARAMETERS
from daybook.collector.arrival import WrongTime, arrival

NOW = arrival(datetime(2026, 11, 20, 10, tzinfo=UTC))
CALLS, CHARS, RETAINED_MAX = 20, 1_000_000, 2_000_000


def retained(call: Callable[[str], object]) -> int:
    """The number of bytes that are retained after calls with different long texts."""
    tracemalloc.start()
    try:
        call("warm")
        before = tracemalloc.get_traced_memory()[0]
        for number in range(CALLS):
            call(f"/{number}" + "x" * CHARS)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("index", range(3 + len(PARAMETERS)))
def test_long_texts_of_an_origin_are_not_cached(index: int) -> None:
    origins = Origins()
    texts = [""] * (3 + len(PARAMETERS))

    def call(text: str) -> None:
        origins.read(*texts[:index], text, *texts[index + 1 :])

    assert retained(call) < RETAINED_MAX


def test_long_texts_in_place_of_a_time_are_not_cached() -> None:
    def call(text: str) -> None:
        with suppress(WrongTime):
            NOW.occurred(text, None)

    assert retained(call) < RETAINED_MAX
