"""Segments, from events in Kafka to rows in MongoDB and changes in Kafka."""

from collections.abc import Iterator

import pytest

from tests.support.segments import Audience, ms
from tests.support.world import World


@pytest.fixture
def audience(world: World) -> Iterator[Audience]:
    yield Audience(world)


def test_somebody_enters_at_their_event_and_leaves_when_its_window_ends(
    audience: Audience,
) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 10:00")
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}
    audience.advance("3rd 09:59:59.999")
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}
    assert audience.told() == [("entered", "u:u1", ms("2nd 10:00"), "event")]
    audience.advance("3rd 12:00")
    assert audience.members() == {"u:u1": (False, ms("2nd 10:00"), ms("3rd 10:00"))}
    assert audience.told()[1:] == [("left", "u:u1", ms("3rd 10:00"), "time")]
