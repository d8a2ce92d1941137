"""A profile's facts do not depend on the order in which topics are read, or on repetitions."""

import random
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest

from daybook.segments.facts import Facts
from daybook.segments.filters.matcher import Matcher
from daybook.segments.profile_facts import (
    KINDS_MAX,
    ORDERS_MAX,
    TIMES_MAX,
    Origin,
    Sent,
    apply,
    new_profile,
)
from tests.segments.filters.person import UTC

TRACKING, ORDERS, USERS = Origin("t", 0), Origin("o", 0), Origin("u", 0)
Items = list[tuple[str, Facts]]


def carted(at: int) -> Facts:
    return {"at": at, "did": ["*", "cart_add"]}


def order(number: int, at: int, refunds: list[list[int]] | None = None) -> Facts:
    bought = {
        "paid_at": at,
        "currency": "EUR",
        "cents": 10,
        "refunds": refunds or [],
        "products": [],
    }
    return {"at": at, "order": {"id": f"o.{number}"} | bought}


def random_items(pick: random.Random) -> dict[Origin, Items]:
    """What three partitions say of a visitor, who becomes a user, in the order of their offsets."""
    tracked: Items = [("v:v", carted(pick.randrange(100))) for _ in range(pick.randint(0, 5))]
    tracked.append(("v:v", {"join": "u:u"}))
    tracked += [("u:u", carted(pick.randrange(100))) for _ in range(pick.randint(0, 5))]
    bought: Items = []
    paid_at = [pick.randrange(100) for _ in range(3)]
    for _ in range(pick.randint(0, 6)):
        number = pick.randrange(3)
        refunds = [[pick.randrange(100), 5]] if pick.random() < 0.5 else []
        bought.append(("u:u" if number else "v:v", order(number, paid_at[number], refunds)))
    account: Items = []
    for _ in range(pick.randint(0, 5)):
        changed: Facts = {"at": pick.randrange(100)} | pick.choice(
            [
                {"consent": "withdrawn"},
                {"consent": "given"},
                {"account": "deleted"},
                {"account": "opened"},
                {"attributes": {"role": pick.choice("ab")}},
            ]
        )
        account.append((pick.choice(("u:u", "u:u", "v:v")), changed))
    return {TRACKING: tracked, ORDERS: bought, USERS: account}


class Stage:
    """Applies items person by person, and delivers what is sent on, in order but any time later."""

    def __init__(self) -> None:
        self.profiles: dict[str, dict[str, Any]] = {}
        self.sent: list[Sent] = []

    def take(self, person: str, facts: Facts, origin: Origin | None, offset: int) -> None:
        profile = self.profiles.setdefault(person, new_profile())
        self.sent += apply(profile, person, deepcopy(facts), origin, offset)

    def deliver(self) -> None:
        person, facts = self.sent.pop(0)
        self.take(person, facts, None, -1)


def played(items: dict[Origin, Items], pick: random.Random) -> dict[str, Any]:
    """The user's facts after a random interleaving, with repetitions as after a crash."""
    stage, next_at = Stage(), dict.fromkeys(items, 0)
    while stage.sent or any(next_at[o] < len(items[o]) for o in items):
        if stage.sent and pick.random() < 0.3:
            stage.deliver()
        origin = pick.choice(list(items))
        if pick.random() < 0.2:
            next_at[origin] = max(0, next_at[origin] - pick.randint(1, 3))
        if next_at[origin] < len(items[origin]):
            stage.take(*items[origin][next_at[origin]], origin, next_at[origin])
            next_at[origin] += 1
    assert stage.profiles["v:v"]["into"] == "u:u"
    assert not stage.profiles["v:v"]["events"]
    facts = stage.profiles.get("u:u", new_profile())
    return {name: value for name, value in facts.items() if name != "applied"}


@pytest.mark.parametrize("seed", range(3))
def test_every_interleaving_and_repetition_gives_the_same_facts(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(100):
        items = random_items(pick)
        assert played(items, pick) == played(items, pick)


def facts_of(*several: Facts) -> dict[str, Any]:
    profile = new_profile()
    for offset, facts in enumerate(several):
        assert list(apply(profile, "u:u", facts, TRACKING, offset)) == []
    return profile


def runs(profile: dict[str, Any], moments: Sequence[int]) -> list[bool]:
    matcher = Matcher({"event": "cart_add", "within": "PT1M"}, UTC)
    return [matcher.value(profile, moment) for moment in moments]


def test_what_was_tracked_before_a_withdrawal_is_gone_and_orders_stay() -> None:
    profile = facts_of(
        carted(1), {"at": 1, "attributes": {"browser": "x", "role": "r"}}, order(1, 2),
        {"at": 5, "consent": "withdrawn"}, carted(3), carted(7),
        {"at": 8, "consent": "given"}, carted(9),
    )  # fmt: skip
    assert profile["events"] == {"*": [7, 9], "cart_add": [7, 9]}
    assert profile["attributes"] == {"role": [[1, "r"]]}
    assert len(profile["orders"]) == 1
    assert runs(profile, [4, 7, 8, 9]) == [False, False, False, True]


def test_a_deletion_leaves_nothing_and_a_new_account_begins_anew() -> None:
    profile = facts_of(carted(1), order(1, 2), {"at": 5, "account": "deleted"}, order(2, 4))
    assert (profile["events"], profile["orders"], profile["first_seen"]) == ({}, {}, None)
    assert runs(profile, [4, 6]) == [False, False]
    again = facts_of(
        carted(1), {"at": 5, "account": "deleted"}, {"at": 8, "account": "opened"}, carted(9)
    )
    assert again["first_seen"] == 8
    assert runs(again, [8, 9]) == [False, True]


def test_the_newest_times_the_first_kinds_and_the_newest_orders_are_kept() -> None:
    many = facts_of(*(carted(at) for at in range(TIMES_MAX + 1)))
    assert many["events"]["cart_add"] == list(range(1, TIMES_MAX + 1))
    assert (many["first_seen"], many["truncated"]) == (0, 0)
    kinds = facts_of({"at": 1, "did": [f"custom|name={n}" for n in range(KINDS_MAX + 1)]})
    assert (len(kinds["events"]), kinds["truncated"]) == (KINDS_MAX, 1)
    orders = facts_of(*(order(number, number) for number in range(ORDERS_MAX + 1)))
    assert (len(orders["orders"]), orders["truncated"]) == (ORDERS_MAX, 1)
    assert "o%2E0" not in orders["orders"]


def test_what_a_visitor_brings_is_bounded_like_anything_else() -> None:
    visitor = facts_of(*(order(number, number) for number in range(ORDERS_MAX)))
    (sent,) = apply(visitor, "v:v", {"join": "u:u"}, TRACKING, ORDERS_MAX)
    user = facts_of(order(ORDERS_MAX, ORDERS_MAX))
    assert list(apply(user, sent.person, sent.facts, None, -1)) == []
    assert (len(user["orders"]), user["truncated"]) == (ORDERS_MAX, 1)
    assert "o%2E0" not in user["orders"]
