"""The recount of segments finds what two stages have worked out, whatever happened to them."""

import pytest

from tests.recount.segment.of_fleet import compared, people_of, recounting
from tests.segments.stage.test_histories import play
from tests.support.segments import ms


@pytest.mark.parametrize("seed", range(3))
def test_profiles_rows_and_changes_are_those_of_the_log(seed: int) -> None:
    for number in range(5):
        fleet = play(seed * 1_000 + number)
        with recounting() as replay:
            assert compared(fleet, replay) == [], (seed, number)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_old_versions_stand_as_they_were_published(seed: int) -> None:
    for number in range(5):
        fleet = play(seed * 1_000 + number, redefinitions=0.1)
        with recounting() as replay:
            found = [one for one in compared(fleet, replay) if not one.doubt]
            assert found == [], (seed, number)


def visit(visitor: str, user: str | None = None, **more: object) -> dict[str, object]:
    named = {"user_id": user} if user else {}
    return {"visitor_id": visitor, "session_id": "s", "event_id": "gala"} | named | more


def test_before_a_visitors_first_log_in_everything_is_the_users_whom_it_names() -> None:
    found = people_of(
        ("cart_add", "10:00", visit("v1")),
        ("cart_add", "10:30", visit("v2")),
        ("view", "11:00", visit("v1", "u1")),
        ("view", "11:05", visit("v2", "u1")),
    )
    user = found["default:u:u1"]
    assert user["events"]["cart_add"] == [ms("2nd 10:00"), ms("2nd 10:30")]
    assert user["visitors"] == ["v:v1", "v:v2"]
    assert found["default:v:v1"]["into"] == "u:u1"
    assert found["default:v:v1"]["events"] == {}


def test_after_another_user_was_named_events_are_that_users_and_orders_the_first_ones() -> None:
    found = people_of(
        ("view", "09:00", visit("v")),
        ("view", "10:00", visit("v", "u1")),
        ("cart_add", "11:00", visit("v")),
        ("view", "12:00", visit("v", "u2")),
        ("cart_add", "13:00", visit("v")),
        ("order.created", "13:10", {"order_id": "o", "visitor_id": "v"}),
        (
            "order.payment_succeeded",
            "13:20",
            {"order_id": "o", "currency": "EUR", "amount_cents": 5},
        ),
    )
    first, second = found["default:u:u1"]["events"], found["default:u:u2"]["events"]
    assert first["view"] == [ms("2nd 09:00"), ms("2nd 10:00")]
    assert first["cart_add"] == [ms("2nd 11:00")]
    assert second["cart_add"] == [ms("2nd 13:00")]
    assert found["default:u:u1"]["orders"]["o"]["paid_at"] == ms("2nd 13:20")
    assert found["default:u:u2"]["orders"] == {}


def test_bots_are_nobody() -> None:
    found = people_of(("cart_add", "10:00", visit("v", "u", context={"bot": ["headless"]})))
    assert found == {}


def test_the_same_user_in_two_organizations_is_two_people() -> None:
    twice = [("cart_add", "10:00", visit("v", "u1")), ("cart_add", "11:00", visit("v", "u1"))]
    found = people_of(*twice, organizations=("a", "b"))
    assert {person: facts["first_seen"] for person, facts in found.items() if ":u:" in person} == {
        "a:u:u1": ms("2nd 10:00"),
        "b:u:u1": ms("2nd 11:00"),
    }


def test_what_was_tracked_before_a_withdrawal_and_all_before_a_deletion_is_gone() -> None:
    found = people_of(
        ("user.created", "08:00", {"user_id": "u1", "country": "DE"}),
        ("cart_add", "10:00", visit("v1", "u1", context={"browser": "Firefox"})),
        ("user.login_succeeded", "10:30", {"user_id": "u1"}),
        ("user.consent_withdrawn", "11:00", {"user_id": "u1"}),
        ("user.created", "08:00", {"user_id": "u2", "country": "DE"}),
        ("user.deleted", "09:00", {"user_id": "u2"}),
    )
    assert found["default:u:u1"]["events"] == {"user%2Elogin_succeeded": [ms("2nd 10:30")]}
    assert set(found["default:u:u1"]["attributes"]) == {"country"}
    assert found["default:u:u1"]["seen"] == {"account": ms("2nd 08:00")}
    assert found["default:u:u2"]["attributes"] == {}
    assert found["default:u:u2"]["first_seen"] is None


def test_changes_must_be_in_turn() -> None:
    fleet = play(1)
    told = next(change for change in fleet.told if change["number"] == 1)
    fleet.told = [change for change in fleet.told if change["profile"] != told["profile"]]
    fleet.told.append(dict(told) | {"number": 2})
    with recounting() as replay:
        found = {(one.collection, one.field) for one in compared(fleet, replay)}
    assert ("segment-changes", "number") in found
