"""Every way to sign in to Kafka counts exactly, by the engine's clients and by Faust's."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.secured import WAYS, secured_broker
from tests.support.segments import Audience, ms
from tests.support.world import World

PEOPLE = 200

Variables = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Variables]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as found:
        yield found


@pytest.mark.parametrize("way", WAYS)
def test_members_count_and_evaluate_whichever_way_they_sign_in(
    way: str, ways: Variables, servers: dict[str, str], tmp_path: Path
) -> None:
    with World(servers | dict(ways[way]), tmp_path) as world:
        audience = Audience(world)
        audience.define()
        for number in range(PEOPLE):
            audience.track("cart_add", "2nd 10:00", f"v{number}", f"u{number}")
        world.catch_up("funnel-step")
        audience.advance("2nd 12:00")
        [day] = world.documents["analytics_event_metrics"].find()
        assert day["add_to_cart"] == PEOPLE
        entered = ("entered", ms("2nd 10:00"), "event")
        told = {(person, (what, at, why)) for what, person, at, why in audience.told()}
        assert told == {(f"u:u{number}", entered) for number in range(PEOPLE)}
