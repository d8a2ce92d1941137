"""Of the segments in force, those are evaluated of which something is known or nothing must be."""

from typing import Any

from daybook.segments.definitions import Definitions
from daybook.segments.in_force import ALL, InForce
from daybook.segments.memberships import new_memberships
from daybook.segments.profile_facts import Origin, apply, new_profile
from tests.segments.filters.person import UTC, at

SEGMENTS: dict[str, dict[str, Any]] = {
    "carted": {"event": "cart_add", "within": "PT24H"},
    "gala": {"event": "view", "where": {"event_id": "gala"}},
    "leader": {"attribute": "role", "is": "leader"},
    "new": {"seen": "first", "within": "P1D"},
    "no buyer": {"orders": {"at_most": 0}},
    "quiet": {"not": {"event": "page_view", "within": "PT1H"}},
    "spender": {"revenue": {"currency": "EUR", "at_least": 100}},
}
OF_ANYBODY = ["new", "no buyer", "quiet"]


def in_force() -> InForce:
    definitions = Definitions()
    for name, filters in SEGMENTS.items():
        data = {"segment_id": name, "version": 1, "name": name, "filters": filters}
        definitions.take({"event_type": "segment.defined", "data": data}, 0)
    return InForce(definitions, UTC)


def person(**facts: Any) -> dict[str, Any]:
    found = new_profile() | new_memberships() | {"organization_id": "default"}
    assert list(apply(found, "u:u", {"at": at("2 10:00")} | facts, Origin("t", 0), 0)) == []
    return found


def names(profile: dict[str, Any], *segments: str) -> list[str]:
    return [one.segment for one in in_force().of(profile, segments or (ALL,))]


def test_all_are_those_of_anybody_and_those_of_which_something_is_known() -> None:
    assert names(person(did=["*", "page_view"])) == OF_ANYBODY
    assert names(person(did=["*", "cart_add"])) == ["carted", *OF_ANYBODY]
    assert names(person(attributes={"role": "buyer"})) == ["leader", *OF_ANYBODY]
    order = {"id": "o", "paid_at": at("2 10:00"), "currency": "EUR", "cents": 5}
    bought = person(order=order | {"refunds": [], "products": []})
    assert names(bought) == [*OF_ANYBODY, "spender"]


def test_who_was_a_member_or_may_become_one_is_evaluated_although_nothing_is_known_any_more() -> (
    None
):
    member = person(did=["*", "page_view"])
    member["segments"] = {"carted": {"version": 1, "in": True}}
    member["due"] = {"gala": at("3 10:00")}
    assert names(member) == ["carted", "gala", *OF_ANYBODY]


def test_of_some_those_that_are_in_force_are_evaluated() -> None:
    viewer = person(did=["*", "view", "view|event_id=gala"])
    assert names(viewer, "gala", "leader", "quiet", "gone") == ["gala", "quiet"]
    assert not in_force().is_in_force("default", "gone")
    assert not in_force().is_in_force("other", "gala")


def test_facts_touch_the_segments_that_depend_on_them() -> None:
    def touched(**facts: Any) -> list[str]:
        return sorted(in_force().touched("default", {"at": 0} | facts))

    assert touched(did=["*", "view", "view|event_id=gala"]) == ["gala"]
    assert touched(did=["*", "page_view"], attributes={"role": "x"}) == ["leader", "quiet"]
    assert touched(order={}) == ["no buyer", "spender"]
    assert touched(consent="given") == touched(merge={}) == [ALL]
