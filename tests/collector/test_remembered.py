"""What is remembered to be quick is small, whatever a client sends: bodies are gzip, and cheap."""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from daybook.collector.acquisition.origin import UTM, Origins
from daybook.collector.arrival import WrongTime, arrival

NOW = arrival(datetime(2026, 11, 20, 10, tzinfo=UTC))
CALLS, CHARS, HELD_MAX = 20, 1_000_000, 2_000_000


def grown(call: Callable[[str], object]) -> int:
    """Bytes that are held after calls with long texts, each another."""
    tracemalloc.start()
    try:
        call("warm")
        before = tracemalloc.get_traced_memory()[0]
        for number in range(CALLS):
            call(f"/{number}" + "x" * CHARS)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("place", range(3 + len(UTM)))
def test_no_long_text_of_an_origin_is_kept(place: int) -> None:
    origins = Origins()
    texts = [""] * (3 + len(UTM))
    assert grown(lambda text: origins.read(*texts[:place], text, *texts[place + 1 :])) < HELD_MAX


def test_no_long_text_that_is_no_time_is_kept() -> None:
    def call(text: str) -> None:
        with suppress(WrongTime):
            NOW.occurred(text, None)

    assert grown(call) < HELD_MAX
