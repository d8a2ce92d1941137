"""What a message costs does not grow with what is remembered of its visitor."""

import sys
from types import FrameType
from typing import Any

from bench.visitor.curve import Visitor

EVENTS = 100
LATE = 60


def calls(visitor: Visitor, messages: list[tuple[int, str]]) -> int:
    """The number of calls, of Python's own functions too, while the messages are counted."""
    made = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        visitor.send(messages)
    finally:
        sys.setprofile(None)
    return made


def test_a_message_out_of_order_costs_the_same_however_much_is_remembered() -> None:
    """Messages that are older each time, of a visitor with ten sessions and one with fifty."""
    costs = []
    for sessions in (10, 50):
        visitor = Visitor()
        visitor.send([(second, f"s{second // EVENTS}") for second in range(sessions * EVENTS)])
        first, *others = [(-second, f"s{sessions - 1}") for second in range(1, LATE + 1)]
        # The first message pays for the order of all, once per batch.
        ordering = calls(visitor, [first])
        costs.append(calls(visitor, others) - ordering)
        assert visitor.remembered == sessions * EVENTS + LATE
    few, many = costs
    assert many < 2 * few
