"""Segments, from events in Kafka to rows in MongoDB and changes in Kafka."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.segments import CARTS, Audience, ms
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


def test_who_pays_is_out_until_the_next_cart(audience: Audience) -> None:
    audience.define(CARTS | {"then_not": "order.payment_succeeded"})
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.order("created", "2nd 11:59", "o1", "u1")
    audience.order("payment_succeeded", "2nd 12:00", "o1", "u1")
    audience.track("cart_add", "2nd 13:00", "v1")
    audience.advance("2nd 14:00")
    assert audience.members() == {"u:u1": (True, ms("2nd 13:00"), None)}
    audience.advance("3rd 13:00")
    assert audience.members() == {"u:u1": (False, ms("2nd 13:00"), ms("3rd 13:00"))}
    assert audience.told() == [
        ("entered", "u:u1", ms("2nd 10:00"), "event"),
        ("left", "u:u1", ms("2nd 12:00"), "event"),
        ("entered", "u:u1", ms("2nd 13:00"), "event"),
        ("left", "u:u1", ms("3rd 13:00"), "time"),
    ]


def test_two_visitors_who_turn_out_to_be_one_user_are_in_as_that_user(audience: Audience) -> None:
    audience.define(CARTS | {"count": {"at_least": 2}})
    audience.track("cart_add", "2nd 10:00", "v1")
    audience.track("cart_add", "2nd 10:30", "v2")
    audience.track("page_view", "2nd 11:00", "v1", "u1")
    audience.advance("2nd 11:00")
    assert audience.members() == {}
    audience.track("page_view", "2nd 11:05", "v2", "u1")
    audience.advance("2nd 11:05")
    assert audience.members() == {"u:u1": (True, ms("2nd 10:30"), None)}
    audience.advance("3rd 10:00")
    assert audience.members() == {"u:u1": (False, ms("2nd 10:30"), ms("3rd 10:00"))}
    assert audience.told() == [
        ("entered", "u:u1", ms("2nd 10:30"), "merged"),
        ("left", "u:u1", ms("3rd 10:00"), "time"),
    ]


@pytest.mark.parametrize(
    "failpoint",
    [
        "within_feed",
        "before_state",
        "before_profiles",
        "before_rows",
        "before_changes",
        "after_changes",
        "before_commit",
    ],
)
def test_wherever_a_member_is_killed_everybody_enters_and_leaves_once(
    audience: Audience, failpoint: str
) -> None:
    audience.define()
    for number in range(40):
        user = f"u{number}" if number % 3 else None
        audience.track("page_view", f"2nd 09:{number:02d}", f"v{number}")
        audience.track("cart_add", f"2nd 10:{number:02d}", f"v{number}", user)
    assert audience.member("3rd 10:20", failpoint).wait(120) == -signal.SIGKILL
    audience.advance("3rd 10:20")
    people = [f"u:u{number}" if number % 3 else f"v:v{number}" for number in range(40)]
    came = {person: ms(f"2nd 10:{number:02d}") for number, person in enumerate(people)}
    gone = {person: ms(f"3rd 10:{number:02d}") for number, person in enumerate(people[:21])}
    assert audience.members() == {
        person: (person not in gone, at, gone.get(person)) for person, at in came.items()
    }
    told = {(what, person, at) for what, person, at, _ in audience.told()}
    assert len(audience.told()) == len(told)
    assert told == {("entered", *item) for item in came.items()} | {
        ("left", *item) for item in gone.items()
    }
