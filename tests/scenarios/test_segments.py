"""Segments, from events in Kafka to rows in MongoDB and changes in Kafka."""

import signal
from collections.abc import Iterator

import pytest

from daybook.segments.feed import SHARDS
from tests.support.segments import CARTS, FAILPOINTS, FEED, Audience, ms, text
from tests.support.wait import until
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


def test_a_late_cart_brings_back_who_had_left(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("3rd 12:00")
    audience.track("cart_add", "2nd 23:00", "v1", "u1")
    audience.advance("3rd 12:30")
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}
    audience.advance("3rd 23:00")
    assert audience.members() == {"u:u1": (False, ms("2nd 10:00"), ms("3rd 23:00"))}
    assert [(what, why) for what, _, _, why in audience.told()] == [
        ("entered", "event"),
        ("left", "time"),
        ("entered", "late"),
        ("left", "time"),
    ]


def test_without_consent_nobody_is_in_and_what_was_tracked_never_counts_again(
    audience: Audience,
) -> None:
    audience.define()
    audience.define(CARTS | {"count": {"at_least": 2}}, "two")
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.account("consent_withdrawn", "2nd 11:00", "u1")
    audience.track("cart_add", "2nd 12:00", "v1", "u1")
    audience.account("consent_given", "2nd 13:00", "u1")
    audience.advance("2nd 13:30")
    assert audience.members() == {}
    audience.track("cart_add", "2nd 14:00", "v1", "u1")
    audience.advance("2nd 15:00")
    assert audience.members() == {"u:u1": (True, ms("2nd 14:00"), None)}
    assert audience.members("two") == {}


def test_a_deleted_account_is_gone_until_it_is_created_again(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 10:30")
    audience.account("deleted", "2nd 11:00", "u1")
    audience.track("cart_add", "2nd 12:00", "v1", "u1")
    audience.advance("2nd 12:30")
    assert audience.members() == {}
    assert audience.told()[1:] == [("left", "u:u1", ms("2nd 11:00"), "deleted")]
    audience.account("created", "4th 08:00", "u1")
    audience.track("cart_add", "4th 09:00", "v1", "u1")
    audience.advance("4th 10:00")
    assert audience.members() == {"u:u1": (True, ms("4th 09:00"), None)}


def test_what_nobody_evaluated_for_days_is_published_at_its_own_moments(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    assert audience.member("2nd 09:00", "before_profiles").wait(120) == -signal.SIGKILL
    audience.advance("4th 12:00")
    assert audience.told() == [
        ("entered", "u:u1", ms("2nd 10:00"), "event"),
        ("left", "u:u1", ms("3rd 10:00"), "time"),
    ]
    assert [change["data"]["is_current"] for change in audience.changes()] == [False, True]


def test_while_a_source_is_not_read_the_clock_stands(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 10:00")
    audience.track("page_view", "2nd 10:05", "v2")
    with audience.second_stage("3rd 12:00") as steps:
        until(lambda: steps() >= 3, "the second stage does its rounds")
        assert audience.clock() == ms("2nd 10:00")
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}
    audience.advance("3rd 12:00")
    assert audience.members() == {"u:u1": (False, ms("2nd 10:00"), ms("3rd 10:00"))}


def test_a_campaign_keeps_the_members_of_the_moment_of_its_pin(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.track("cart_add", "2nd 11:00", "v2", "u2")
    audience.advance("2nd 17:00")
    audience.pin("spring")
    audience.advance("2nd 18:00")
    audience.define(CARTS | {"count": {"at_least": 3}}, version=2)
    audience.advance("2nd 19:00")
    assert {change[3] for change in audience.told()} == {"event", "redefined"}
    both = {"u:u1": ms("2nd 10:00"), "u:u2": ms("2nd 11:00")}
    assert audience.pinned("spring") == both
    audience.account("deleted", "2nd 20:00", "u1")
    audience.track("cart_add", "2nd 20:30", "v3", "u3")
    audience.advance("2nd 21:00")
    assert audience.pinned("spring") == {"u:u2": ms("2nd 11:00")}
    row = audience.world.documents["campaigns"].find_one({"_id": "default:spring"}) or {}
    assert (row["status"], row["members"], row["erased"]) == ("pinned", 1, 1)
    assert row["pinned_at"].isoformat() == "2026-03-02T18:00:00+00:00"


def test_a_new_version_is_evaluated_for_everybody_and_the_old_rows_stay(audience: Audience) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    for minute in (0, 1, 2):
        audience.track("cart_add", f"2nd 11:0{minute}", "v2", "u2")
    audience.advance("2nd 18:00")
    audience.define(CARTS | {"count": {"at_least": 3}}, version=2)
    audience.define(CARTS, "again")
    audience.advance("2nd 19:00")
    assert audience.members(version=2) == {"u:u2": (True, ms("2nd 11:02"), None)}
    old = {"u:u1": (True, ms("2nd 10:00"), None), "u:u2": (True, ms("2nd 11:00"), None)}
    assert audience.members() == old
    assert audience.members("again") == old
    told = {change for change in audience.told() if change[2] == ms("2nd 19:00")}
    assert told == {
        ("left", "u:u1", ms("2nd 19:00"), "redefined"),
        ("entered", "u:u1", ms("2nd 19:00"), "defined"),
        ("entered", "u:u2", ms("2nd 19:00"), "defined"),
    }
    rows = audience.world.documents["audience_segments"].find().sort("_id", 1)
    assert [(row["_id"], row["status"]) for row in rows] == [
        ("default:again:1", "active"),
        ("default:carts:1", "superseded"),
        ("default:carts:2", "active"),
    ]


def test_a_feed_that_is_made_again_ends_the_member_and_the_profiles_stay(
    audience: Audience,
) -> None:
    audience.define()
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 10:00")
    running = audience.world.member("segment", f"--clock={text('2nd 11:00')}")
    until(lambda: audience.clock() == ms("2nd 11:00"), "the second stage does its rounds")
    audience.world.delete_topic(FEED)
    audience.world.make_topic(FEED, SHARDS)
    assert running.wait(60) == 1
    assert "deleted, or made again" in running.output()
    later = audience.member("2nd 12:00")
    assert later.wait(60) == 1
    assert "docs/segments.md" in later.output()
    assert audience.members() == {"u:u1": (True, ms("2nd 10:00"), None)}


def test_two_members_share_the_shards_and_one_goes_on_when_the_other_is_killed(
    audience: Audience,
) -> None:
    audience.define()
    members = [audience.world.member("segment", f"--clock={text('3rd 12:00')}") for _ in range(2)]
    for member in members:
        member.wait_for("member started")
    for number in range(20):
        audience.track("cart_add", f"2nd 10:{number:02d}", f"v{number}")
    until(lambda: len(audience.members()) == 20, "all have been members", 120)
    members[0].kill()
    for number in range(20, 40):
        audience.track("cart_add", f"2nd 10:{number:02d}", f"v{number}")
    until(lambda: len(audience.members()) == 40, "the others have been members, too", 120)
    assert members[1].metric("daybook_segment_items_total") >= 20
    assert members[1].metric("daybook_segment_changes_total") >= 40
    assert members[1].metric("daybook_segment_clock_timestamp_seconds") == ms("3rd 12:00") / 1000
    until(lambda: members[1].metric("daybook_segment_feed_lag_messages") == 0, "no lag is left")
    members[1].end()
    audience.advance("3rd 12:00")
    assert audience.members() == {
        f"v:v{number}": (False, ms(f"2nd 10:{number:02d}"), ms(f"3rd 10:{number:02d}"))
        for number in range(40)
    }
    assert len(audience.told()) == 80


@pytest.mark.parametrize(
    "failpoint",
    [*FAILPOINTS, "before_commit"],
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
