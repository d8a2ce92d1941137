"""Waits for a condition rather than for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """Waits until the condition has a true value, and returns it; fails with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true after {seconds:.0f} s: {what}")
        time.sleep(0.05)
