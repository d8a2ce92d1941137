"""Every change is published once, in turn, at its own moment, however late it is evaluated."""

import random
from itertools import pairwise
from typing import Any

import pytest

from daybook.segments.facts import Facts
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import newest_run
from daybook.segments.memberships import (
    DEFINED,
    LATE,
    MERGED,
    REDEFINED,
    Definition,
    due,
    evaluate,
    new_memberships,
)
from daybook.segments.profile_facts import Origin, apply, new_profile
from tests.segments.filters.person import UTC, at
from tests.segments.filters.vectors import CARTED, THREE_CARTS
from tests.segments.filters.walk import changes

FIRST = Definition("carted", 1, Matcher(CARTED, UTC))
SECOND = Definition("carted", 2, Matcher(THREE_CARTS, UTC))
ORIGIN = Origin("t", 0)


class Person:
    """A profile that is evaluated when a test says so."""

    def __init__(self) -> None:
        self.profile: dict[str, Any] = new_profile() | new_memberships()
        self.offset = 0

    def add(self, **facts: Any) -> None:
        self.offset += 1
        assert list(apply(self.profile, "u:u", facts, ORIGIN, self.offset)) == []

    def cart(self, time: str) -> None:
        self.add(at=at(time), did=["*", "cart_add"])

    def published(self, clock: str, why: str = LATE, of: Definition = FIRST) -> list[Any]:
        """What is published when the clock comes to this time."""
        evaluate(self.profile, [of], at(clock), why)
        found = self.profile["outbox"]
        self.profile["outbox"] = []
        return [
            ("entered" if one["entered"] else "left", one["at"], one["reason"], one["is_current"])
            for one in found
        ]

    @property
    def row(self) -> tuple[bool, int | None, int | None]:
        known = self.profile["segments"]["carted"]
        return known["in"], known["since"], known["until"]


def test_a_run_is_published_at_its_moments_and_its_end_is_due() -> None:
    person = Person()
    person.cart("2 10:00")
    assert person.published("2 10:01") == [("entered", at("2 10:00"), "event", True)]
    assert person.profile["due_at"] == at("3 10:00")
    assert due(person.profile, at("3 09:59")) == []
    assert due(person.profile, at("3 10:00")) == ["carted"]
    assert person.published("3 10:30") == [("left", at("3 10:00"), "time", True)]
    assert person.row == (False, at("2 10:00"), at("3 10:00"))
    assert person.profile["due_at"] is None


def test_a_member_that_was_down_publishes_both_the_first_is_not_current() -> None:
    person = Person()
    person.cart("2 10:00")
    assert person.published("4 12:00") == [
        ("entered", at("2 10:00"), "event", False),
        ("left", at("3 10:00"), "time", True),
    ]


def test_a_late_event_is_published_if_the_present_membership_changed_by_it() -> None:
    person = Person()
    person.cart("2 10:00")
    assert len(person.published("3 12:00")) == 2
    person.cart("2 23:00")
    assert person.published("3 12:30") == [("entered", at("2 10:00"), "late", True)]
    assert person.row == (True, at("2 10:00"), None)
    assert person.published("4 00:00") == [("left", at("3 23:00"), "time", True)]


def test_a_late_event_that_changes_nothing_now_corrects_the_row_alone() -> None:
    person = Person()
    person.cart("2 10:00")
    person.published("3 12:00")
    person.cart("2 11:00")
    assert person.published("3 12:30") == []
    assert person.row == (False, at("2 10:00"), at("3 11:00"))


def test_a_merge_is_published_as_one() -> None:
    person, visitor = Person(), new_profile()
    person.cart("2 10:30")
    person.published("2 10:31", of=SECOND)
    for offset, time in enumerate(("2 10:00", "2 10:15")):
        carted: Facts = {"at": at(time), "did": ["*", "cart_add"]}
        assert list(apply(visitor, "v:v", carted, ORIGIN, offset)) == []
    (sent,) = apply(visitor, "v:v", {"join": "u:u"}, ORIGIN, 2)
    assert list(apply(person.profile, sent.person, sent.facts, None, -1)) == []
    assert person.published("2 10:40", MERGED, SECOND) == [
        ("entered", at("2 10:30"), "merged", True)
    ]


def test_a_new_version_publishes_the_difference_at_the_moment_of_its_definition() -> None:
    person = Person()
    person.cart("2 10:00")
    person.published("2 18:00")
    assert person.published("2 19:00", REDEFINED, SECOND) == [
        ("left", at("2 19:00"), "redefined", True)
    ]
    assert person.profile["segments"]["carted"]["number"] == 2


def test_a_change_tells_the_run_that_it_begins_or_ends() -> None:
    person = Person()
    person.cart("2 10:00")
    evaluate(person.profile, [FIRST], at("3 10:30"))
    assert [one["since"] for one in person.profile["outbox"]] == [at("2 10:00")] * 2
    other = Person()
    other.cart("2 10:00")
    evaluate(other.profile, [FIRST], at("2 19:00"), DEFINED)
    (entered,) = other.profile["outbox"]
    assert (entered["at"], entered["since"]) == (at("2 19:00"), at("2 10:00"))


def test_consent_that_is_withdrawn_ends_a_run_at_its_moment() -> None:
    person = Person()
    person.cart("2 10:00")
    person.published("2 10:30")
    person.add(at=at("2 11:00"), consent="withdrawn")
    assert person.published("2 11:30") == [("left", at("2 11:00"), "consent", True)]
    person.cart("2 12:00")
    person.add(at=at("2 13:00"), consent="given")
    person.cart("2 14:00")
    assert person.published("2 15:00") == [("entered", at("2 14:00"), "event", True)]


@pytest.mark.parametrize("is_late", [False, True])
def test_the_row_is_that_of_the_facts_that_are_kept(is_late: bool) -> None:
    """A hundred times of a kind are kept, so with each further one the first is gone."""
    definition = Definition("carted", 1, Matcher({"event": "cart_add", "within": "PT24H"}, UTC))
    person, clock = Person(), at("2 00:00")
    for number in range(130):
        clock += 60_000
        person.add(at=clock - 1_800_000 * (is_late and number % 7 == 0), did=["*", "cart_add"])
        evaluate(person.profile, [definition], clock)
        run = newest_run(definition.matcher, person.profile, clock)
        assert run is not None
        assert person.row == (True, run.since, None)


def test_a_run_may_have_begun_earlier_if_what_it_began_with_had_to_go() -> None:
    definition = Definition("carted", 1, Matcher({"event": "cart_add", "within": "PT24H"}, UTC))
    person, clock = Person(), at("2 00:00")

    def is_exact() -> bool:
        evaluate(person.profile, [definition], clock)
        return bool(person.profile["segments"]["carted"].get("since_exact", True))

    for number in range(120):
        clock += 60_000
        person.add(at=clock, did=["*", "cart_add"])
        assert is_exact() is (number < 99)
    # A run that began after the oldest one that is kept is known whole.
    clock = at("5 00:00")
    person.add(at=clock, did=["*", "cart_add"])
    assert is_exact()


@pytest.mark.parametrize("seed", range(3))
def test_in_any_history_changes_are_in_turn_and_lead_to_the_row(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(100):
        person, clock, published, is_late = Person(), 0, [], False
        for _ in range(pick.randint(1, 12)):
            time = clock + pick.randint(-2_000, 1_000) if pick.random() < 0.3 else clock + 10
            is_late |= time <= clock
            person.add(at=max(1, time) * 60_000, did=["*", "cart_add"])
            clock += pick.randint(1, 1_500)
            evaluate(person.profile, [FIRST], clock * 60_000)
            published += person.profile["outbox"]
            person.profile["outbox"] = []
        assert [one["number"] for one in published] == list(range(1, len(published) + 1))
        assert all(one["entered"] != other["entered"] for one, other in pairwise(published))
        assert published[0]["entered"]
        run = newest_run(FIRST.matcher, person.profile, clock * 60_000)
        assert run is not None
        assert person.row == (run.until is None, *run)
        assert published[-1]["entered"] is person.row[0]
        if not is_late:
            everything = changes(FIRST.matcher, person.profile, -1, clock * 60_000, was_in=False)
            assert [(one["at"], one["entered"]) for one in published] == list(everything)
