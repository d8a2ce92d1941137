"""Whatever dies, wakes up late or arrives late, members are those that the log says."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from daybook.funnels.visitor_event import milliseconds
from daybook.segments.definitions import Definitions
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import newest_run
from daybook.segments.profile_facts import apply, new_profile
from tests.segments.filters.person import UTC
from tests.segments.filters.walk import changes
from tests.segments.stage.fleet import ORDERS, TRACKING, USERS, Fleet

MINUTE = 60_000
SEGMENTS: dict[str, dict[str, Any]] = {
    "abandoned": {
        "all": [
            {"event": "cart_add", "within": "PT40M"},
            {"revenue": {"currency": "EUR", "at_most": 5}},
        ]
    },
    "quiet": {"not": {"event": "view", "within": "PT30M"}},
    "leaders": {"attribute": "role", "is": "leader"},
}


def definitions() -> Definitions:
    found = Definitions()
    for name, filters in SEGMENTS.items():
        data = {"segment_id": name, "version": 1, "name": name, "filters": filters}
        found.take({"event_type": "segment.defined", "data": data}, 0)
    return found


def produce(fleet: Fleet) -> None:
    """One event of three visitors and two users, sometimes late, seldom of the future."""
    pick = fleet.random
    fleet.now_ms += pick.randint(1, 6) * MINUTE
    at = fleet.now_ms
    if pick.random() < 0.2:
        at -= pick.randint(0, 60) * MINUTE
    elif pick.random() < 0.05:
        at += pick.randint(1, 20) * MINUTE
    kind = pick.random()
    if kind < 0.55:
        visitor = pick.choice("vwx")
        named = pick.choice(({}, {}, {}, {"user_id": "A"}, {"user_id": "B"}))
        what = pick.choice(("cart_add", "view", "engagement"))
        more: dict[str, Any] = {"seconds": 1} if what == "engagement" else {"event_id": "gala"}
        place = TRACKING, ord(visitor) % 2
        fleet.append(place, what, at, visitor_id=visitor, session_id="s", **named, **more)
    elif kind < 0.85:
        order: dict[str, Any] = {"order_id": f"o{pick.randint(0, 5)}"}
        what = pick.choice(("created", "payment_succeeded", "refunded"))
        if what == "created":
            owner = pick.choice(({"user_id": "A"}, {"user_id": "B"}, {"visitor_id": "v"}, {}))
            order |= {"currency": "EUR", "total_cents": 7} | owner
        elif what == "payment_succeeded":
            order |= {"currency": "EUR", "amount_cents": pick.randint(1, 7)}
        else:
            order |= {"refund_cents": pick.randint(1, 7)}
        fleet.append((ORDERS, 0), f"order.{what}", at, **order)
    else:
        what = pick.choice(
            ("consent_withdrawn", "consent_given", "deleted", "reactivated", "role_changed")
        )
        role = {"old_role": "x", "new_role": pick.choice(("leader", "buyer"))}
        more = role if what == "role_changed" else {}
        fleet.append((USERS, 0), f"user.{what}", at, user_id=pick.choice("AB"), **more)


def people(fleet: Fleet) -> dict[str, dict[str, Any]]:
    """Everybody's facts, straight from the logs: no states, no feed, no merges."""
    firsts: dict[str, str] = {}
    for event in events(fleet, TRACKING):
        if user := event["data"].get("user_id"):
            firsts.setdefault(event["data"]["visitor_id"], f"u:{user}")
    facts: dict[str, list[dict[str, Any]]] = {}

    def add(person: str, event_type: str, at: int, **more: Any) -> None:
        did = ["*", event_type.replace(".", "%2E")]
        facts.setdefault(person, []).append({"at": at, "did": did} | more)

    last: dict[str, str] = {}
    for event in events(fleet, TRACKING):
        data, visitor = event["data"], event["data"]["visitor_id"]
        if user := data.get("user_id"):
            last[visitor] = f"u:{user}"
        person = last.get(visitor) or firsts.get(visitor) or f"v:{visitor}"
        add(person, event["event_type"], milliseconds(event["occurred_at"]))
    for owner, happened, order in orders(fleet, firsts):
        for event_type, at in happened:
            add(owner, event_type, at)
        if order["paid_at"] is not None:
            facts[owner].append({"at": order["paid_at"], "order": order})
    for event in events(fleet, USERS):
        what = event["event_type"].removeprefix("user.")
        changed: dict[str, Any] = {
            "consent_withdrawn": {"consent": "withdrawn"},
            "consent_given": {"consent": "given"},
            "deleted": {"account": "deleted"},
            "reactivated": {"account": "opened"},
        }.get(what, {"attributes": {"role": event["data"].get("new_role")}})
        person = f"u:{event['data']['user_id']}"
        at = milliseconds(event["occurred_at"])
        facts.setdefault(person, []).append({"at": at} | changed)
    return {person: profile_of(several) for person, several in facts.items()}


def profile_of(several: list[dict[str, Any]]) -> dict[str, Any]:
    profile = new_profile()
    for offset, facts in enumerate(several):
        assert list(apply(profile, "", facts, None, offset)) == []
    return profile


def orders(
    fleet: Fleet, firsts: Mapping[str, str]
) -> Iterator[tuple[str, list[tuple[str, int]], dict[str, Any]]]:
    """Each order with an owner: whose, what happened, and what it came to."""
    found: dict[str, tuple[list[tuple[str, int]], dict[str, Any]]] = {}
    owners: dict[str, str] = {}
    for event in events(fleet, ORDERS):
        data, event_type = event["data"], event["event_type"]
        at, name = milliseconds(event["occurred_at"]), data["order_id"]
        new = {"id": name, "paid_at": None, "currency": None, "cents": 0, "refunds": []}
        happened, order = found.setdefault(name, ([], new | {"products": []}))
        if event_type == "order.created":
            if name in owners:
                continue
            if "user_id" in data:
                owners[name] = f"u:{data['user_id']}"
            elif "visitor_id" in data:
                visitor = data["visitor_id"]
                owners[name] = firsts.get(visitor, f"v:{visitor}")
        if event_type == "order.payment_succeeded":
            if order["paid_at"] is not None:
                continue
            order |= {"paid_at": at, "currency": "EUR", "cents": data["amount_cents"]}
        if event_type == "order.refunded":
            order["refunds"].append([at, data["refund_cents"]])
        happened.append((event_type, at))
    for name, owner in owners.items():
        yield owner, *found[name]


def events(fleet: Fleet, topic: str) -> Iterator[dict[str, Any]]:
    for (name, _), lane in fleet.lanes.items():
        if name == topic:
            yield from (json.loads(message.raw or b"") for message in lane.log)


def redefine(fleet: Fleet) -> None:
    """A segment gets its next version, or is retired."""
    name = fleet.random.choice(list(SEGMENTS))
    segment = fleet.definitions.segment("default", name)
    assert segment is not None
    if segment.in_force and fleet.random.random() < 0.3:
        fleet.define({"event_type": "segment.retired", "data": {"segment_id": name}})
        return
    filters = fleet.random.choice(list(SEGMENTS.values()))
    data = {"segment_id": name, "name": name, "filters": filters}
    version = {"version": segment.versions[-1].number + 1}
    fleet.define({"event_type": "segment.defined", "data": data | version})


def play(seed: int, redefinitions: float = 0.0) -> Fleet:
    fleet = Fleet(seed, definitions(), risk=0.1 if seed % 2 else 0.0)
    pick = fleet.random
    for _ in range(pick.randint(20, 100)):
        produce(fleet)
        if redefinitions and pick.random() < redefinitions:
            redefine(fleet)
        if pick.random() < 0.7:
            fleet.route(pick.choice(list(fleet.lanes)), pick.randint(1, 5))
        if pick.random() < 0.5:
            fleet.take(pick.choice(list(fleet.feed)), pick.randint(1, 4))
        if pick.random() < 0.25:
            fleet.round()
    fleet.now_ms += 200 * MINUTE
    fleet.finish()
    return fleet


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_those_of_the_log_and_changes_lead_to_them(seed: int) -> None:
    for number in range(50):
        fleet = play(seed * 1_000 + number)
        expected = {}
        for person, profile in people(fleet).items():
            for segment, filters in SEGMENTS.items():
                run = newest_run(Matcher(filters, UTC), profile, fleet.clock)
                if run is not None:
                    expected[segment, person] = run.until is None, *run
        stored = {
            (row["segment_id"], row["person"]): (row["in"], row["since"], row["until"])
            for row in fleet.profiles.rows.values()
        }
        assert stored == expected, (seed, number)
        assert_published(fleet, stored)


@pytest.mark.parametrize("seed", range(4))
def test_members_of_a_new_version_are_as_if_it_had_been_there_from_the_start(seed: int) -> None:
    for number in range(50):
        fleet = play(seed * 1_000 + number, redefinitions=0.1)
        expected, stored = {}, {}
        newest = {name: fleet.definitions.segment("default", name) for name in SEGMENTS}
        for name, segment in newest.items():
            assert segment is not None
            version = segment.in_force
            for person, profile in people(fleet).items():
                run = version and newest_run(Matcher(version.resolved, UTC), profile, fleet.clock)
                if run:
                    expected[name, person] = run.until is None, *run
            for row in fleet.profiles.rows.values():
                if row["segment_id"] == name and version and row["version"] == version.number:
                    stored[name, row["person"]] = row["in"], row["since"], row["until"]
        assert stored == expected, (seed, number)
        assert_published(fleet, stored)


@pytest.mark.parametrize("seed", range(2))
def test_of_events_in_time_every_change_is_published_at_its_moment_and_no_other(seed: int) -> None:
    for number in range(50):
        fleet = Fleet(seed * 1_000 + number, definitions(), risk=0.1 if seed else 0.0)
        pick = fleet.random
        for _ in range(pick.randint(20, 100)):
            fleet.now_ms += pick.randint(1, 20) * MINUTE
            visitor = pick.choice("vwx")
            place, what = (TRACKING, ord(visitor) % 2), pick.choice(("cart_add", "view"))
            visit = {"visitor_id": visitor, "session_id": "s", "event_id": "gala"}
            fleet.append(place, what, fleet.now_ms, **visit)
            if pick.random() < 0.5:
                fleet.route(place, pick.randint(1, 5))
            if pick.random() < 0.4:
                fleet.round()
        fleet.finish()
        published = {
            (change["segment"], change["profile"], change["number"]): change
            for change in fleet.told
        }
        assert not [one for one in published.values() if one["reason"] not in ("event", "time")]
        found: dict[tuple[str, str], list[Any]] = {}
        for (segment, profile, _), one in sorted(published.items()):
            found.setdefault((segment, profile), []).append((one["at"], one["entered"]))
        for person, profile in people(fleet).items():
            for segment, filters in SEGMENTS.items():
                expected = changes(Matcher(filters, UTC), profile, -1, fleet.clock, was_in=False)
                assert found.get((segment, f"default:{person}"), []) == list(expected)


def assert_published(fleet: Fleet, stored: Mapping[tuple[str, str], Any]) -> None:
    """Copies apart, each member's changes are in turn, by number, and end as the row."""
    by_member: dict[tuple[str, str], dict[int, Any]] = {}
    for change in fleet.told:
        _, _, person = change["profile"].partition(":")
        numbers = by_member.setdefault((change["segment"], person), {})
        known = numbers.setdefault(change["number"], change)
        assert known == change
    for member, numbers in by_member.items():
        assert list(numbers) == list(range(1, len(numbers) + 1))
        told = list(numbers.values())
        assert all(one["entered"] != other["entered"] for one, other in pairwise(told))
        assert told[-1]["entered"] == stored.get(member, (False,))[0]
    for member, (is_in, _, _) in stored.items():
        assert not is_in or member in by_member
