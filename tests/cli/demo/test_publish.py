"""A demo continues where it was stopped, and a second run publishes nothing."""

from datetime import UTC, datetime

import pytest

from daybook.cli.demo.cdnow import Purchase
from daybook.cli.demo.cdnow_events import purchase_events
from daybook.cli.demo.publish import event_id, missing

EVENTS = purchase_events(
    [Purchase(f"{n:05}", datetime(1997, 1, 1, tzinfo=UTC), n) for n in range(50)]
)


def test_all_events_are_missing_in_an_empty_log() -> None:
    assert missing(EVENTS, set()) == EVENTS


def test_no_event_is_missing_in_a_complete_log() -> None:
    present = {event_id(event.value) for event in EVENTS}
    assert missing(EVENTS, {id for id in present if id}) == []


@pytest.mark.parametrize("every", [2, 3, 7])
def test_missing_events_come_in_order(every: int) -> None:
    present = EVENTS[::every]
    absent = missing(EVENTS, {event.event_id for event in present})
    assert absent == [event for event in EVENTS if event not in present]


@pytest.mark.parametrize(
    "value", [None, b"not json", b"\xff", b"[]", b"{}", b'{"event_id": 7}', b"7"]
)
def test_messages_of_other_producers_may_have_no_event_id(value: bytes | None) -> None:
    assert event_id(value) is None
