"""A demo goes on where it was stopped, and a second one publishes nothing."""

from datetime import UTC, datetime

import pytest

from daybook.cli.demo.cdnow import Purchase
from daybook.cli.demo.cdnow_events import shop
from daybook.cli.demo.publish import event_id, missing

EVENTS = shop([Purchase(f"{n:05}", datetime(1997, 1, 1, tzinfo=UTC), n) for n in range(50)])


def test_an_empty_log_gets_everything() -> None:
    assert missing(EVENTS, set()) == EVENTS


def test_a_whole_log_gets_nothing() -> None:
    present = {event_id(event.value) for event in EVENTS}
    assert missing(EVENTS, {found for found in present if found}) == []


@pytest.mark.parametrize("every", [2, 3, 7])
def test_a_log_with_holes_gets_the_rest_in_order(every: int) -> None:
    held = EVENTS[::every]
    rest = missing(EVENTS, {event.event_id for event in held})
    assert rest == [event for event in EVENTS if event not in held]


@pytest.mark.parametrize(
    "value", [None, b"not json", b"\xff", b"[]", b"{}", b'{"event_id": 7}', b"7"]
)
def test_what_others_published_may_have_no_id(value: bytes | None) -> None:
    assert event_id(value) is None
